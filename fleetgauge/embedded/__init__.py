"""The broker and the database that `fleetgauge demo` brings with it: the extra `demo`."""
