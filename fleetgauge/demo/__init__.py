"""``fleetgauge demo``: every part in one go, and a look at the shares they make."""
