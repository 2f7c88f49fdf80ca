"""A class list as CSV in, its answers as CSV or JSON out; rows are read as they are answered."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from contract.events import YEAR_ELAPSED
from contract.features import FEATURE_NAMES, IDENTIFIER
from contract.grades import GRADES
from inference.stream.item import Answer
from inference.web.errors import UnreadableTable
from inference.web.typed_text import event_json, json_value

SLICE = 2000
"""Rows answered by one model call."""

DELIMITERS = ",;\t"
ID_NAMES = (IDENTIFIER.lower(), "student_id")
COLUMNS = ("row", "student_id", "status", "grade", "GPA", *(f"p_{g}" for g in GRADES), "errors")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Row(NamedTuple):
    """One student of a list: the row as a spreadsheet counts (the header is row 1), the event."""

    number: int
    event: bytes


def decode_text(data: bytes) -> str:
    """Decode what spreadsheets save: UTF-8, UTF-16 with its mark, or the Windows code page."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_rows(text: str, first_row: int = 2) -> Iterator[Row]:
    """Yield the rows of a CSV text; blank lines are skipped but counted.

    Columns are found by name, in any order and case. StudentID (or student_id) is optional, and the
    row's number stands in for it; so is year_elapsed, whose absence, or an empty cell, means a whole
    year. The delimiter is the header's: comma, semicolon (then 3,5 is a
    number too) or tab. Raises UnreadableTable when the header lacks a feature or names one twice.
    """
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    records = _records(text, delimiter)
    names = [name.strip().lower() for name in next(records, [])]
    _check_header(names)
    places = [(feature, names.index(feature.lower())) for feature in FEATURE_NAMES]
    if YEAR_ELAPSED in names:
        places.append((YEAR_ELAPSED, names.index(YEAR_ELAPSED)))
    identity = next((names.index(name) for name in ID_NAMES if name in names), None)
    decimal_comma = delimiter == ";"
    for number, cells in enumerate(records, first_row):
        if not cells:
            continue
        width = len(cells)
        named = {feature: cells[place] for feature, place in places if place < width}
        if decimal_comma:
            named = {name: cell.replace(",", ".") for name, cell in named.items()}
        own = cells[identity].strip() if identity is not None and identity < width else ""
        student_id = json_value(own) if own else json.dumps(f"row {number}")
        yield Row(number, event_json(named, student_id))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            # A cell beyond the csv module's limit: this row lacks its cells, the next ones do not.
            yield [""]


def _check_header(names: Sequence[str]) -> None:
    missing = [name for name in FEATURE_NAMES if name.lower() not in names]
    read = (*FEATURE_NAMES, YEAR_ELAPSED)
    twice = [name for name in read if names.count(name.lower()) > 1]
    if missing:
        raise UnreadableTable(
            f"The first line must name the columns; missing here: {', '.join(missing)}."
        )
    if twice:
        raise UnreadableTable(f"The first line names a column twice: {', '.join(twice)}.")


def slices(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Yield lists of at most SLICE rows."""
    while part := list(islice(rows, SLICE)):
        yield part


def _cell(value: str) -> str:
    # A spreadsheet runs a cell that starts like a formula (OWASP, "CSV Injection").
    return f"'{value}" if value.startswith(_FORMULA) else value


def csv_lines(rows: Sequence[Row], answers: Sequence[Answer]) -> str:
    """Return the answers to ``rows`` as lines of CSV (RFC 4180) below COLUMNS."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for row, answer in zip(rows, answers, strict=True):
        reply: dict[str, Any] = msgspec.json.decode(answer.data)
        if answer.status == "ok":
            said = reply["prediction"]
            who, result = said["student_id"], [said["grade"], said["GPA"]]
            line = [*result, *said["probabilities"].values(), ""]
        else:
            who = reply["student_id"]
            reasons = "; ".join(error["message"] for error in reply["errors"])
            line = [""] * (len(COLUMNS) - 4) + [reasons]
        shown = _cell(who) if isinstance(who, str) else who
        writer.writerow([row.number, shown, answer.status, *line])
    return buffer.getvalue()
