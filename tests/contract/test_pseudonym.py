"""Pseudonyms of students: lasting, the same everywhere, nothing without the key."""

from __future__ import annotations

import pytest

from contract.pseudonym import new_key, pseudonym, read_key, student_key


@pytest.mark.parametrize(("value", "key"), [(1001, "1001"), (1001.0, "1001"), ("1001", "1001")])
def test_one_student_has_one_key(value: str | int | float, key: str) -> None:
    """GIVEN a student id in any accepted form WHEN stored THEN it is the same text."""
    assert student_key(value) == key


def test_a_pseudonym_is_the_students_under_one_key() -> None:
    """GIVEN two keys THEN one gives a student one name, another student and key another."""
    first, second = read_key(new_key()), read_key(new_key())
    assert pseudonym(first, "1001") == pseudonym(first, "1001")
    assert len({pseudonym(first, "1001"), pseudonym(first, "1002"), pseudonym(second, "1001")}) == 3
    assert "1001" not in pseudonym(b"key", "1001") and len(pseudonym(b"key", "1001")) == 32


@pytest.mark.parametrize("data", [b"{}", b"[]", b"not json", b'{"key": 5}', b'{"key": "no hex"}'])
def test_a_damaged_key_is_refused(data: bytes) -> None:
    """GIVEN a file that holds no key THEN it is no key: another would name everybody anew."""
    with pytest.raises(ValueError):
        read_key(data)
