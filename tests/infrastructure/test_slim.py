"""What the image leaves out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infrastructure.tools import slim


def test_it_drops_what_is_listed_and_compiles_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests, stubs, other services' models and listed files go; code stays and is compiled."""
    kept = ("numpy/core.py", "botocore/data/s3/model.json", "botocore/data/endpoints.json")
    dropped = (
        "numpy/tests/test_core.py",
        "numpy/core.pyi",
        "botocore/data/ec2/model.json",
        "bin/flask",
        "onnxruntime/capi/libonnxruntime.so.1",
        "numpy/__pycache__/core.cpython-39.pyc",
    )
    for name in (*kept, *dropped):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(sys, "argv", ["slim.py", str(tmp_path)])
    slim.main()
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in dropped)
    assert len(list(tmp_path.rglob("*.pyc"))) == 1
    assert "slimmed to" in capsys.readouterr().out
