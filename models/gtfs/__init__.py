"""Timetables in the form of GTFS (reference of the GTFS Schedule): from a zip to routes and stops.

``reading`` is the door. Only what is used here is read, and all of that is checked.
"""
