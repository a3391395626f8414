"""`fleetgauge check`: what is looked at, one concern a file."""
