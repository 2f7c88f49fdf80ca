"""Postgres: connections, migrations, retention, status."""
