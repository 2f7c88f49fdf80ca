"""A CSV of students: checked, and read into events."""

import csv
import hashlib
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from contract.events import YEAR_ELAPSED
from contract.features import FEATURE_NAMES, IDENTIFIER
from inference.client import ClientUsageError
from inference.client.results import ANSWER_COLUMNS, Row

ID_COLUMNS = (IDENTIFIER, "student_id")


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
    sought = missing if YEAR_ELAPSED in columns else [*missing, YEAR_ELAPSED]
    other = [f"{spelled[_plain(n)]!r} for {n}" for n in sought if _plain(n) in spelled]
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
    """Return the event of one row: id, the nine features, year_elapsed if given; nothing else.

    Empty cells are left out and other text stays text: judging it is the service's part.
    """
    document: dict[str, Any] = {
        "student": {name: _value(row[name]) for name in FEATURE_NAMES if row[name].strip()},
        "request_id": request_id,
        "explain": explain,
    }
    if row[id_column].strip():
        document["student_id"] = _value(row[id_column])
    if row.get(YEAR_ELAPSED, "").strip():
        document[YEAR_ELAPSED] = _value(row[YEAR_ELAPSED])
    return json.dumps(document).encode()


def request_ids(sheet: Sheet, prefix: str, explain: bool) -> list[str]:
    """Return each row's request id: the same for the same question, another for each of equal rows.

    It does not depend on the row's place, nor on columns that are not sent.
    """
    seen: Counter[bytes] = Counter()
    ids = []
    for row in sheet.rows:
        question = event(row, sheet.id_column, "", explain)
        seen[question] += 1
        digest = hashlib.sha256(b"%d %b" % (seen[question], question)).hexdigest()
        ids.append(f"{prefix}{digest[:24]}")
    return ids


def _value(cell: str) -> int | float | str:
    try:
        number = json.loads(cell)
    except ValueError:
        return cell.strip()
    plain = isinstance(number, (int, float)) and not isinstance(number, bool)
    return number if plain and math.isfinite(number) else cell.strip()
