"""Faults on real servers, under a publisher that knows what it published: ``make chaos``."""
