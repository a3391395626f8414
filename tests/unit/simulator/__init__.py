"""The simulated fleet: what it is, what it publishes, how it is paced."""
