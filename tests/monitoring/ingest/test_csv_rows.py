"""Rows written down for COPY."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitoring.ingest import csv_rows

# NUL is replaced when a record is decoded; lone surrogates are no UTF-8.
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(st.lists(st.tuples(TEXT, st.integers(), st.floats(-1e6, 1e6)), min_size=1, max_size=5))
def test_csv_holds_any_text(rows: list[tuple[Any, ...]]) -> None:
    """GIVEN texts with quotes, brackets, line ends, backslashes WHEN written as CSV THEN read back."""
    data = csv_rows._csv(rows)  # pylint: disable=protected-access
    text = data.decode()
    read = csv.reader(io.StringIO(text, newline=""), escapechar="\\", doublequote=False)
    assert [tuple(row) for row in read] == [tuple(map(_written, row)) for row in rows]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
