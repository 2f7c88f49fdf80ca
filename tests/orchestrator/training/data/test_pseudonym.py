"""Pseudonyms: lasting, even, and worth nothing without the key."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.training.data.pseudonym import KEY_FILE, Pseudonyms
from orchestrator.training.errors import ServiceError
from tests.orchestrator.support.bucket import FakeBucket, store_over


def test_the_key_is_made_once() -> None:
    """GIVEN an empty bucket WHEN asked twice THEN both give the same names and draws."""
    store = store_over(FakeBucket())
    first, second = Pseudonyms.of(store), Pseudonyms.of(store)
    assert first.name("1001") == second.name("1001")
    assert first.draw("1001") == second.draw("1001")
    other = Pseudonyms.of(store_over(FakeBucket()))
    assert other.name("1001") != first.name("1001")


def test_draws_are_even() -> None:
    """Ten thousand draws fill [0, 1) evenly; no two names are the same."""
    pseudonyms = Pseudonyms(b"key")
    draws = np.array([pseudonyms.draw(str(number)) for number in range(10_000)])
    assert np.abs(np.histogram(draws, 10, (0, 1))[0] - 1000).max() < 150
    assert len({pseudonyms.name(str(number)) for number in range(10_000)}) == 10_000


def test_a_damaged_key_stops() -> None:
    """A key that cannot be read is never replaced in silence: all splits would change."""
    store = store_over(FakeBucket())
    store.put_json(KEY_FILE, {"key": "no hexadecimal"})
    with pytest.raises(ServiceError, match="holds no key"):
        Pseudonyms.of(store)
