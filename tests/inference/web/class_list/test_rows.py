"""Rows of any text, whatever saved it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES
from inference.web.class_list.rows import decode_text, read_rows
from tests.inference.support.kinesis import VALUES

HEADER = ",".join(("StudentID", *FEATURE_NAMES))


GOOD = ",".join(map(str, VALUES))


def test_a_cell_beyond_all_bounds_spoils_its_row_only() -> None:
    """Given a stray quote that swallows the csv module's limit, later rows are still read."""
    text = f'{HEADER}\n1,"{"x" * 200_000}\n2,{GOOD}\n'
    rows = list(read_rows(text))
    assert rows and b'"student":{' in rows[0].event


@given(st.binary(max_size=100))
def test_any_bytes_are_some_text(data: bytes) -> None:
    """Given any bytes, decoding never fails."""
    assert isinstance(decode_text(data), str)
