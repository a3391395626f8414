"""What `fleetgauge check` finds out about a database, one concern a file."""
