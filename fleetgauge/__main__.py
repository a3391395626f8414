"""``python -m fleetgauge``."""

from fleetgauge.entry import main

main()
