"""Garbage by the million: ``make fuzz``."""
