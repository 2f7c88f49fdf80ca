"""A CSV of students, read and written."""

from __future__ import annotations

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
        (f"{HEADER},Year_Elapsed", "spells columns otherwise: 'Year_Elapsed' for year_elapsed"),
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
    ("cell", "value"),
    [("7", 7), ("7.5", 7.5), ("07", "07"), ("true", "true"), (" x ", "x"), ("NaN", "NaN")],
)
def test_cells(cell: str, value: object) -> None:
    """Numbers become numbers, everything else stays text for the service to judge."""
    row = {"StudentID": "1", **dict.fromkeys(sheet.FEATURE_NAMES, cell)}
    document = json.loads(sheet.event(row, "StudentID", "r", False))
    assert document["student"]["Absences"] == value
    assert type(document["student"]["Absences"]) is type(value)


def test_a_question_keeps_its_request_id(tmp_path: Path) -> None:
    """It depends on what is sent and on the asking alone, and equal rows have one each."""
    rows = [student(1), student(2), student(1, Name="other")]
    table = sheet.read(write(tmp_path / "s.csv", rows))
    ids = sheet.request_ids(table, "p-", False)
    assert len(set(ids)) == 3 and all(name.startswith("p-") for name in ids)
    one, two = ids[0], ids[1]
    turned = sheet.read(write(tmp_path / "t.csv", [student(2), student(1, Name="else")]))
    assert sheet.request_ids(turned, "p-", False) == [two, one]
    assert not {one, two} & set(sheet.request_ids(turned, "q-", False))
    assert not {one, two} & set(sheet.request_ids(turned, "p-", True))
    moved = sheet.read(write(tmp_path / "m.csv", [student(1, Absences=8)]))
    assert sheet.request_ids(moved, "p-", False) != [one]


@pytest.mark.parametrize(
    ("cell", "value"), [("0.5", 0.5), ("1", 1), ("50", 50), ("half", "half"), (" ", None)]
)
def test_a_share_of_the_year_is_optional(tmp_path: Path, cell: str, value: object) -> None:
    """An empty cell is left out: the whole year."""
    path = write(tmp_path / "s.csv", [student(1, year_elapsed=cell)], "year_elapsed")
    table = sheet.read(path)
    assert (
        json.loads(sheet.event(table.rows[0], "StudentID", "r", False)).get("year_elapsed") == value
    )
