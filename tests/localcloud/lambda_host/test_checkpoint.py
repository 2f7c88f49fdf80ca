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
    first = Checkpoints(path, STREAM, 1.0)
    assert not first.existed and first.get("a") is None
    first.save({"a": Position("1"), "b": Position(timestamp=2.5)})
    first.save({"a": Position("7", closed=True)})
    again = Checkpoints(path, STREAM, 1.0)
    assert again.existed
    assert (again.get("a"), again.get("b")) == (Position("7", closed=True), Position(timestamp=2.5))
    with pytest.raises(CheckpointError, match="belongs to stream"):
        Checkpoints(path, "arn:other", 1.0)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match="move it away"):
        Checkpoints(path, STREAM, 1.0)
    assert not list(path.parent.glob("*.tmp"))


def test_a_stream_made_anew_begins_with_no_positions(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """GIVEN positions of a stream, or of one whose creation is not known WHEN one of the same name
    was made later THEN they are discarded, said in the log, and never written again.
    """
    path = tmp_path / "checkpoints.json"
    first = Checkpoints(path, STREAM, 1.0)
    first.save({"a": Position("1", closed=True)})
    second = first.renewed(2.0)
    assert second.existed and second.get("a") is None
    second.save({"b": Position("2")})
    first.save({"a": Position("9", closed=True)})
    assert Checkpoints(path, STREAM, 2.0).get("a") is None
    assert Checkpoints(path, STREAM, 2.0).get("b") == Position("2")
    assert Checkpoints(path, STREAM, 3.0).get("b") is None
    assert caplog.text.count("positions in the earlier one are discarded") == 2
    path.write_text('{"stream":"%s","shards":{"a":{"closed":true}}}' % STREAM, encoding="utf-8")
    assert Checkpoints(path, STREAM, 3.0).get("a") is None
