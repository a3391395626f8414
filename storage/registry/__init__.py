"""The registry: the fleet list as it is known now, as it was known then, and how it changes."""
