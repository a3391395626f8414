"""What Prometheus sees: the catalogue of all metrics, the exporter, the rules."""
