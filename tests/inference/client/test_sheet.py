"""A CSV of students, read and written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from inference.client import ClientUsageError, sheet
from tests.inference.support.client_streams import student, write

HEADER = ",".join(["StudentID", *sheet.FEATURE_NAMES])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "lacks the columns ParentalEducation, "),
        (",".join(sheet.FEATURE_NAMES) + "\n", "needs a column StudentID or student_id"),
        ("", "lacks the columns"),
        ("\ufeff" + HEADER.replace(",", ";"), "separated by semicolons; commas are needed"),
        (HEADER.replace(",", "\t"), "separated by tabs"),
        (HEADER.lower(), "spells columns otherwise: .*'absences' for Absences"),
        (HEADER.replace("StudentID", "Student_ID"), "'Student_ID' for student_id"),
        (f"{HEADER},Absences", "columns of one name: Absences"),
        (f"{HEADER},status,p_A", "columns the answers need, rename them: status, p_A"),
    ],
)
def test_a_csv_that_cannot_serve(tmp_path: Path, text: str, message: str) -> None:
    """Missing columns are named before anything is sent."""
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClientUsageError, match=message):
        sheet.read(path)


@pytest.mark.parametrize(
    ("encoding", "message"), [("utf-16", "its text is UTF-16"), ("latin-1", "is not UTF-8")]
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, message: str) -> None:
    """The error says what to save the file as."""
    path = tmp_path / "s.csv"
    path.write_text(HEADER + ",N\u00e4me\n", encoding=encoding)
    with pytest.raises(ClientUsageError, match=message):
        sheet.read(path)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    """Spreadsheets write one in front of UTF-8."""
    path = tmp_path / "s.csv"
    path.write_text(HEADER, encoding="utf-8-sig")
    assert sheet.read(path).columns[0] == "StudentID"


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
    """Text that a spreadsheet would run is quoted, and the row still counts as answered."""
    table = sheet.read(write(tmp_path / "s.csv", [student(1, Name=cell)]))
    answered = {"status": "ok", "predicted_grade": "A"}
    out = tmp_path / "out.csv"
    sheet.write(out, table, {0: {**table.rows[0], **answered}})
    for _ in range(2):
        with out.open(encoding="utf-8", newline="") as file:
            assert next(csv.DictReader(file))["Name"] == written
        done = sheet.answered(out, table)
        assert done[0]["predicted_grade"] == "A" and done[0]["Name"] == cell
        sheet.write(out, table, done)


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
