"""``fleetgauge ingest --workers N``: processes on a shared subscription, supervised, summed up."""
