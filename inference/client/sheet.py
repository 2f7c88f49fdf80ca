"""A CSV of students: read into events, written back with the answers joined."""

import csv
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from contract.features import FEATURE_NAMES, IDENTIFIER
from contract.grades import GRADES
from inference.client import ClientUsageError

ID_COLUMNS = (IDENTIFIER, "student_id")
ANSWER_COLUMNS = (
    "status",
    "predicted_grade",
    "predicted_gpa",
    *(f"p_{grade}" for grade in GRADES),
    "advice",
    "errors",
    "model_version",
    "prediction_id",
)
Row = dict[str, str]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class Sheet(NamedTuple):
    """The columns and rows of a CSV, as text, and the column with the student's id."""

    columns: list[str]
    rows: list[Row]
    id_column: str


def read(path: Path) -> Sheet:
    """Read a CSV with a header; raises ClientUsageError naming what is missing."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, restkey="", restval="")
            columns = list(table.fieldnames or ())
            _check(path, columns)
            rows = [{key: value for key, value in row.items() if key} for row in table]
    except UnicodeDecodeError as error:
        encoding = "UTF-16" if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        raise ClientUsageError(
            f"{path} cannot be read as a CSV: its text is {encoding}; save it as CSV UTF-8"
        ) from error
    except (OSError, csv.Error) as error:
        raise ClientUsageError(f"{path} cannot be read as a CSV: {error}") from error
    id_column = next(name for name in ID_COLUMNS if name in columns)
    return Sheet([name for name in columns if name], rows, id_column)


def _check(path: Path, columns: list[str]) -> None:
    """Raise ClientUsageError unless each column has its own name and those needed are there."""
    if len(columns) == 1:
        for delimiter, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if delimiter in columns[0]:
                raise ClientUsageError(f"{path} is separated by {name}; commas are needed")
    doubled = [name for name, count in Counter(columns).items() if name and count > 1]
    if doubled:
        raise ClientUsageError(f"{path} has columns of one name: {', '.join(doubled)}")
    clashing = [name for name in columns if name in ANSWER_COLUMNS]
    if clashing:
        raise ClientUsageError(
            f"{path} has columns the answers need, rename them: {', '.join(clashing)}"
        )
    spelled = {_plain(name): name for name in columns}
    missing = [name for name in FEATURE_NAMES if name not in columns]
    if not any(name in columns for name in ID_COLUMNS):
        missing.append(next((n for n in ID_COLUMNS if _plain(n) in spelled), IDENTIFIER))
    other = [f"{spelled[_plain(n)]!r} for {n}" for n in missing if _plain(n) in spelled]
    if other:
        raise ClientUsageError(f"{path} spells columns otherwise: {', '.join(other)}")
    if IDENTIFIER in missing:
        missing.remove(IDENTIFIER)
        if not missing:
            raise ClientUsageError(f"{path} needs a column {' or '.join(ID_COLUMNS)}")
    if missing:
        raise ClientUsageError(f"{path} lacks the columns {', '.join(missing)}")


def _plain(name: str) -> str:
    return name.strip().lower()


def event(row: Row, id_column: str, request_id: str, explain: bool) -> bytes:
    """Return the event of one row: the id and the nine features, no other column.

    Empty cells are left out and other text stays text: judging it is the service's part.
    """
    document: dict[str, Any] = {
        "student": {name: _value(row[name]) for name in FEATURE_NAMES if row[name].strip()},
        "request_id": request_id,
        "explain": explain,
    }
    if row[id_column].strip():
        document["student_id"] = _value(row[id_column])
    return json.dumps(document).encode()


def joined(row: Row, answer: dict[str, Any]) -> Row:
    """Return ``row`` with the answer's columns."""
    result = dict.fromkeys(ANSWER_COLUMNS, "")
    result["status"] = answer["status"]
    result["prediction_id"] = answer["prediction_id"]
    result["model_version"] = str(answer["version"])
    if answer["status"] == "ok":
        prediction = answer["prediction"]
        result["predicted_grade"] = prediction["grade"]
        result["predicted_gpa"] = str(prediction["GPA"])
        for grade in GRADES:
            result[f"p_{grade}"] = str(prediction["probabilities"][grade])
        result["advice"] = "; ".join(
            f"{one['feature']} {one['from']:g} -> {one['to']:g}: GPA {one['gpa_change']:+.2f}"
            for one in answer.get("guidance", [])
        )
    else:
        result["errors"] = "; ".join(
            f"{error['code']}: {error['message']}" for error in answer["errors"]
        )
    return {**row, **result}


def answered(path: Path, sheet: Sheet) -> dict[int, Row]:
    """Return, by row number, the rows of an earlier output that still fit ``sheet``."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        earlier = list(csv.DictReader(file))
    done = {}
    for number, (row, old) in enumerate(zip(sheet.rows, earlier, strict=False)):
        if old.get("status") and all(old.get(_safe(c)) == _safe(row[c]) for c in sheet.columns):
            done[number] = {**row, **{name: old.get(name) or "" for name in ANSWER_COLUMNS}}
    return done


def write(path: Path, sheet: Sheet, answers: dict[int, Row]) -> None:
    """Write every row, with its answer where there is one; the file is replaced as a whole."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            columns = [*sheet.columns, *ANSWER_COLUMNS]
            table = csv.writer(file)
            table.writerow(map(_safe, columns))
            for number, row in enumerate(sheet.rows):
                result = answers.get(number, row)
                table.writerow([_safe(result.get(name, "")) for name in columns])
        partial.replace(path)
    except OSError as error:
        raise ClientUsageError(f"{path} cannot be written: {error.strerror}") from error


def _safe(cell: str) -> str:
    """Return ``cell`` so that a spreadsheet shows it as text and does not run it as a formula."""
    if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _value(cell: str) -> int | float | str:
    try:
        number = json.loads(cell)
    except ValueError:
        return cell.strip()
    plain = isinstance(number, (int, float)) and not isinstance(number, bool)
    return number if plain and math.isfinite(number) else cell.strip()
