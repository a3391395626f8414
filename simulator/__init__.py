"""A seeded fleet that drives, fails and publishes; its scenarios are data files."""
