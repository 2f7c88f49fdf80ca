"""Each shard's position on disk: kept, and refused where it is another stream's or damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.errors import CheckpointError
from localcloud.lambda_host.checkpoint import Checkpoints, Position

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/students"


def test_checkpoints_survive_and_refuse_another_stream(tmp_path: Path) -> None:
    """GIVEN saved positions WHEN opened again THEN they are there; another stream or a damaged file
    is refused.
    """
    path = tmp_path / "deep" / "checkpoints.json"
    first = Checkpoints(path, STREAM)
    assert not first.existed and first.get("a") is None
    first.save({"a": Position("1"), "b": Position(timestamp=2.5)})
    first.save({"a": Position("7", closed=True)})
    again = Checkpoints(path, STREAM)
    assert again.existed
    assert (again.get("a"), again.get("b")) == (Position("7", closed=True), Position(timestamp=2.5))
    with pytest.raises(CheckpointError, match="belongs to stream"):
        Checkpoints(path, "arn:other")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match="move it away"):
        Checkpoints(path, STREAM)
    assert not list(path.parent.glob("*.tmp"))
