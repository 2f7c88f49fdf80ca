"""Answers beside their rows, written and read back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from inference.client import ClientUsageError, results


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("-1", "-1"),
        ("+2.5e-3", "+2.5e-3"),
        ("Ann", "Ann"),
    ],
)
def test_no_cell_is_a_formula(tmp_path: Path, cell: str, written: str) -> None:
    """Text that a spreadsheet would run is quoted, and its row keeps its answer."""
    out = tmp_path / "out.csv"
    answer = {"status": "ok", "predicted_grade": "A", "request_id": "r"}
    results.write(out, ["Name"], [{"Name": cell}, {"Name": "B"}], [answer, None])
    with out.open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["Name"] == written
    known, unnamed = results.earlier(out)
    assert {name: row["predicted_grade"] for name, row in known.items()} == {"r": "A"}
    assert unnamed == 0


def test_an_output_without_request_ids_is_counted(tmp_path: Path) -> None:
    """Of an earlier client: nobody knows whose answers they are."""
    out = tmp_path / "out.csv"
    assert results.earlier(out) == ({}, 0)
    out.write_text("StudentID,status\n1,ok\n2,\n3,rejected\n", encoding="utf-8")
    assert results.earlier(out) == ({}, 2)


@pytest.mark.parametrize("data", [b"\xff\xfe", b'a,status\n"' + b"x" * 200_000])
def test_what_is_no_output_is_not_replaced(tmp_path: Path, data: bytes) -> None:
    """The error asks for another name."""
    out = tmp_path / "out.csv"
    out.write_bytes(data)
    with pytest.raises(ClientUsageError, match="out.csv is no earlier output"):
        results.earlier(out)


def test_the_output_must_be_writable(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ClientUsageError, match="out.csv cannot be written"):
        results.write(tmp_path / "missing" / "out.csv", ["Name"], [], [])
