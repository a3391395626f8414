"""The schema's history, append-only: a landed migration is never edited."""
