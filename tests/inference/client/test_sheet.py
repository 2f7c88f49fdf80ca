"""A CSV of students, read and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference.client import ClientUsageError, sheet
from tests.inference.support.client_streams import student, write


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "lacks the columns ParentalEducation, "),
        (",".join(sheet.FEATURE_NAMES) + "\n", "needs a column StudentID or student_id"),
        ("", "lacks the columns"),
    ],
)
def test_a_csv_that_cannot_serve(tmp_path: Path, text: str, message: str) -> None:
    """Missing columns are named before anything is sent."""
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClientUsageError, match=message):
        sheet.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ClientUsageError, match="cannot be read as a CSV"):
        sheet.read(path)


def test_the_output_must_be_writable(tmp_path: Path) -> None:
    """The error names the file."""
    table = sheet.read(write(tmp_path / "s.csv", [student(1)]))
    with pytest.raises(ClientUsageError, match="out.csv cannot be written"):
        sheet.write(tmp_path / "missing" / "out.csv", table, {})


@pytest.mark.parametrize(
    ("cell", "value"),
    [("7", 7), ("7.5", 7.5), ("07", "07"), ("true", "true"), (" x ", "x"), ("NaN", "NaN")],
)
def test_cells(cell: str, value: object) -> None:
    """Numbers become numbers, everything else stays text for the service to judge."""
    row = {"StudentID": "1", **dict.fromkeys(sheet.FEATURE_NAMES, cell)}
    document = json.loads(sheet.event(row, "StudentID", "r", False))
    assert document["student"]["Absences"] == value
    assert type(document["student"]["Absences"]) is type(value)
