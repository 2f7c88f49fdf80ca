"""What happened, for people and for the annotations of the dashboards."""

from psycopg2.extensions import cursor as Cursor


def note(cursor: Cursor, key: str, kind: str, version: str, text: str) -> None:
    """Record an event once."""
    cursor.execute(
        "INSERT INTO events (dedupe_key, kind, version, text) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (dedupe_key) DO NOTHING",
        (key, kind, version, text[:2000]),
    )
