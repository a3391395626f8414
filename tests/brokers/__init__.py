"""The same list of checks against every broker that can be had: `make test-brokers`."""
