"""Who is forgotten: answers and labels of theirs that still come from a stream are not stored."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from psycopg2.extensions import cursor as Cursor

from monitoring.storage import database

KEY_BYTES = 32


def add(cursor: Cursor, names: Iterable[str], until: datetime) -> None:
    """Keep what bears one of ``names`` (students, predictions) out of the tables.

    The caller holds the ingest lock, so that no batch under way slips in behind.
    """
    key = _key(cursor) or secrets.token_bytes(KEY_BYTES)
    cursor.execute(
        "INSERT INTO forgotten AS f (digest, key, until) SELECT unnest(%s), %s, %s"
        " ON CONFLICT (digest) DO UPDATE SET until = greatest(f.until, excluded.until)",
        ([_digest(key, name) for name in set(names)], key, until),
    )


def extend(cursor: Cursor, names: Iterable[str]) -> None:
    """Add ``names`` for as long as any is kept out; the caller holds the ingest lock."""
    ends = database.scalar(cursor, "SELECT max(until) FROM forgotten")
    if ends is not None:
        add(cursor, names, ends)


def screen(cursor: Cursor, names: Iterable[str]) -> set[str]:
    """Return those of ``names`` that must not be stored; the caller holds the ingest lock."""
    key = _key(cursor)
    if key is None:
        return set()
    digests = {_digest(key, name): name for name in names}
    cursor.execute("SELECT digest FROM forgotten WHERE digest = ANY(%s)", (list(digests),))
    return {digests[digest] for (digest,) in cursor.fetchall()}


def expire(cursor: Cursor) -> None:
    """Drop those whose time is over."""
    cursor.execute("DELETE FROM forgotten WHERE until < clock_timestamp()")


def _key(cursor: Cursor) -> bytes | None:
    key = database.scalar(cursor, "SELECT key FROM forgotten LIMIT 1")
    return None if key is None else bytes(key)


def _digest(key: bytes, name: str) -> str:
    return hmac.digest(key, name.encode(), hashlib.sha256).hex()
