"""The command line: settings, logging, the demo. Puts the rooms together; nothing imports it."""
