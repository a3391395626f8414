"""Timetables: imported whole, and read for the map and the feeds."""
