"""Documents about a student are their owner's alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

from monitoring.students.documents import write


def test_a_document_is_private_and_whole(tmp_path: Path) -> None:
    """GIVEN a generous umask and what a death has left WHEN written twice THEN the last one, private."""
    path = tmp_path / "out" / "receipt.json"
    before = os.umask(0)
    try:
        write(path, {"found": 1})
        path.with_name("receipt.json.tmp").write_text("half", encoding="utf-8")
        assert write(path, {"found": 2}) == path
    finally:
        os.umask(before)
    assert json.loads(path.read_text(encoding="utf-8")) == {"found": 2}
    assert [each.name for each in path.parent.iterdir()] == ["receipt.json"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
