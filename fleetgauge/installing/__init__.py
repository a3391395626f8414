"""`fleetgauge install`: what a machine without Docker needs, from the files that the wheel has."""
