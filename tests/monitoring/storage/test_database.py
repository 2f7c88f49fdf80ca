"""A transaction ends one way or the other."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

from monitoring.storage import database
from tests.monitoring.support.cursor import FakeConnection, FakeCursor


def test_a_transaction_is_committed_or_rolled_back() -> None:
    """GIVEN work that succeeds, then work that fails WHEN run THEN commit, then rollback and raise."""
    connection: Any = FakeConnection()
    with database.transaction(connection):
        pass
    with pytest.raises(ZeroDivisionError), database.transaction(connection):
        raise ZeroDivisionError
    assert connection.ended == ["commit", "rollback"]


def test_a_connection_that_cannot_even_roll_back_is_closed() -> None:
    """GIVEN a database that is gone WHEN work fails THEN the connection is closed, the error raised."""
    connection: Any = FakeConnection()

    def rollback() -> None:
        raise psycopg2.OperationalError("gone")

    connection.rollback = rollback
    with pytest.raises(ZeroDivisionError), database.transaction(connection):
        raise ZeroDivisionError
    assert connection.closed


def test_rows_have_names_and_a_scalar_may_be_missing() -> None:
    """GIVEN answers WHEN read THEN by column; the first value, or None without a row."""
    cursor: Any = FakeCursor([(1, "x")], [(7,)], [], columns=("a", "b"))
    assert database.rows(cursor, "q") == [{"a": 1, "b": "x"}]
    assert database.scalar(cursor, "q") == 7
    assert database.scalar(cursor, "q") is None
