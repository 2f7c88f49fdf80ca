"""Asking in halves: every record once, in order, and few questions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.model.isolation import apart


@given(st.integers(1, 300), st.data())
def test_each_culprit_stands_alone(count: int, data: st.DataObject) -> None:
    """The parts cover everything in order; None is said of the culprits and of nobody else."""
    culprits = data.draw(st.sets(st.integers(0, count - 1), max_size=3))
    asked = 0

    def ask(start: int, end: int) -> str:
        nonlocal asked
        asked += 1
        if culprits & set(range(start, end)):
            raise LookupError
        return "said"

    at = 0
    for start, end, said in apart(ask, 0, count, LookupError):
        assert start == at < end
        assert (said is None) == (start in culprits)
        assert said is not None or end == start + 1
        at = end
    assert at == count
    assert asked <= 1 + len(culprits) * 2 * math.ceil(math.log2(count or 1))


def test_another_error_is_not_taken_for_a_culprit() -> None:
    """Only the failure that is named is looked into."""
    with pytest.raises(ZeroDivisionError):
        list(apart(lambda start, end: 1 // 0, 0, 4, LookupError))
