"""The figures of a date, and what they stand on; their definition is sql/repeatable/50_kpi.sql."""
