"""TimescaleDB, or plain PostgreSQL: connection, migrations, writer, registry, queries. All SQL."""
