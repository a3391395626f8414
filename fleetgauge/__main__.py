"""``python -m fleetgauge``."""

from fleetgauge.cli import main

main()
