"""``fleetgauge ingest --workers N``: supervised processes that share the messages."""
