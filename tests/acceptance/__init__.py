"""The commands as their users run them, from end to end."""
