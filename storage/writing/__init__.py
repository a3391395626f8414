"""How a batch is kept: one way, for the worker and for what is reprocessed."""
