"""The slow path by itself."""

from __future__ import annotations

import json

import pytest

from inference.stream.inspection import inspect
from inference.stream.problems import Rejection


@pytest.mark.parametrize("student_id", ["é" * 128, -(2**63), 2**63 - 1])
def test_the_slow_path_has_the_same_limits(student_id: int | str) -> None:
    """An id and a request id at their limits are kept when something else is wrong."""
    data = json.dumps({"student_id": student_id, "request_id": "r" * 128}).encode()
    found = inspect(data)
    assert isinstance(found, Rejection)
    assert (found.student_id, found.request_id) == (student_id, "r" * 128)
    assert [problem.field for problem in found.problems] == ["student"]
