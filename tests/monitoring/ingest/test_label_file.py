"""The rows of a label file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.errors import LabelError
from monitoring.ingest.label_file import read

PREDICTION = "6f3f4a5e-0000-4000-8000-000000000001"


def _file(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(lines), encoding=encoding)
    return path


def test_rows_become_labels_whatever_spreadsheet_wrote_them(tmp_path: Path) -> None:
    """GIVEN a byte order mark, another order of columns, one too many, blanks and 2.0 for 2
    WHEN the file is read THEN each row is the label it says."""
    path = _file(
        tmp_path,
        "GPA,note,prediction_id,GradeClass",
        f" 2.6 ,x,{PREDICTION},2.0",
        f",,{PREDICTION},4",
        encoding="utf-8-sig",
    )
    labels = list(read(path))
    assert [(label.grade_class, label.gpa) for label in labels] == [(2, 2.6), (4, None)]
    assert {str(label.prediction_id) for label in labels} == {PREDICTION}


def test_a_student_and_a_time_will_do(tmp_path: Path) -> None:
    """GIVEN student_id and time WHEN the file is read THEN the label carries both."""
    (label,) = read(_file(tmp_path, "student_id,time,GPA", "0042,2026-06-30T12:00:00Z,1.9"))
    assert (label.student_id, label.grade_class) == ("0042", 4)
    assert label.known_at is not None and label.known_at.hour == 12


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "columns are prediction_id or student_id .*; found: none"),
        (("student_id,name", "1,x"), "found: student_id, name"),
        (("prediction_id,GPA", f"{PREDICTION},2", f"{PREDICTION},x"), "line 3, GPA: not a number"),
        (("prediction_id,GPA", "17,2"), "line 2: Invalid UUID"),
        (("prediction_id,GradeClass", f"{PREDICTION},1.5"), "line 2: "),
        (("prediction_id,GPA", f"{PREDICTION}"), "line 2, GradeClass: missing"),
    ],
)
def test_a_bad_row_is_told_by_line(tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    """GIVEN a file that cannot be used WHEN read THEN LabelError says where and why."""
    with pytest.raises(LabelError, match=words):
        list(read(_file(tmp_path, *lines)))


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    """GIVEN no file, or bytes that are no UTF-8 WHEN read THEN LabelError, not a traceback."""
    path = tmp_path / "labels.csv"
    with pytest.raises(LabelError, match="cannot be read"):
        list(read(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelError, match="cannot be read"):
        list(read(path))
