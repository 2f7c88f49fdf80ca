"""A database that answers from a list: what is asked is kept, what is answered was written before."""

from __future__ import annotations

from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column's name, as psycopg2 describes it."""

    name: str


class FakeCursor:
    """Answers each query with the next list of rows; none left means no row."""

    def __init__(self, *answers: list[tuple[Any, ...]], columns: tuple[str, ...] = ()) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.description = [Column(name) for name in columns]
        self.rowcount = 1
        self._answers = list(answers)
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> FakeCursor:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to give back."""

    def execute(self, sql: str, parameters: Any = None) -> None:
        """Keep the query and take the next answer."""
        self.asked.append((sql, parameters))
        self._rows = list(self._answers.pop(0)) if self._answers else []

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        rows, self._rows = self._rows, []
        return rows


class FakeConnection:
    """A connection whose only cursor is given; what became of its transactions is kept."""

    def __init__(self, cursor: FakeCursor | None = None) -> None:
        self.closed = 0
        self.ended: list[str] = []
        self._cursor = cursor or FakeCursor()

    def cursor(self) -> FakeCursor:
        """Return the cursor."""
        return self._cursor

    def commit(self) -> None:
        """Note it."""
        self.ended.append("commit")

    def rollback(self) -> None:
        """Note it."""
        self.ended.append("rollback")

    def close(self) -> None:
        """Be closed."""
        self.closed = 1
