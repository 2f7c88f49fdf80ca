"""Where students come from, and files read as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.training.data import source
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.source import read_students
from orchestrator.training.errors import DataContractError, SourceError

GOOD = simulate_students(400, seed=3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b'a,b\n1,2,3,4\n1,2\n"x', "not a table"),
        (b"a,b\n\xff\xfe,1\n", "not UTF-8"),
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes, message: str) -> None:
    """What is no table of text says so."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DataContractError, match=message):
        read_students(path)


def test_lines_count_from_the_header(tmp_path: Path) -> None:
    """The first row is line 2; a byte order mark and spaces in the header do no harm."""
    path = tmp_path / "x.csv"
    path.write_text("\ufeffa , b\n1,2\n", encoding="utf-8")
    frame = read_students(path)
    assert frame.columns.tolist() == ["a", "b", "line"] and frame["line"].tolist() == [2]


def test_sources_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A named file, the folder's file, and at last the simulator with a loud notice."""
    monkeypatch.setenv(source.NO_DOWNLOAD, "off")
    with pytest.raises(SourceError, match="none.csv cannot be read"):
        source.load_source(str(tmp_path / "none.csv"), tmp_path)
    simulated = source.load_source("", tmp_path)
    assert simulated.kind == "simulator"
    assert "SIMULATED STUDENTS" in capsys.readouterr().out
    GOOD.to_csv(tmp_path / source.FILE_NAME, index=False)
    assert source.load_source("", tmp_path).kind == "file"
    named = source.load_source(str(tmp_path / source.FILE_NAME))
    assert (named.origin, len(named.frame)) == (source.FILE_NAME, 400)


def test_kaggle_is_tried_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the download delivers is read like a file."""
    GOOD.to_csv(tmp_path / source.FILE_NAME, index=False)
    monkeypatch.setattr(source, "download", lambda: tmp_path / source.FILE_NAME)
    assert source.load_source("", tmp_path / "empty").kind == "kaggle"


def test_a_download_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that does not answer is given up and its process ended."""
    monkeypatch.delenv(source.NO_DOWNLOAD, raising=False)
    with pytest.raises(SourceError, match="did not deliver within 0 s"):
        source.download(seconds=0.01)
