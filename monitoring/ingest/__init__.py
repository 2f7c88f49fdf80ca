"""Streams and label files into Postgres, each record once."""
