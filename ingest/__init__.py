"""From the broker to the database: nothing is acknowledged before its commit."""
