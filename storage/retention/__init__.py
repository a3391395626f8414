"""Throwing away what is old enough: what is due, one step at a time, and from when on is kept."""
