"""The slow path: read one event with care, and list everything that is wrong with it.

Standard library only, so that it is a second opinion on the typed decoder and not a copy of it.
Duplicate keys: the last one counts, as in the typed decoder. Time is linear in the bytes.
"""

import json
import math
import re
from typing import Any, NoReturn

from contract.events import MAX_EVENT_BYTES, MAX_REQUEST_ID_LENGTH, MAX_STUDENT_ID_LENGTH
from contract.features import FEATURES
from inference.stream import problems as p
from inference.stream.events import Event, Student
from inference.stream.problems import Problem, Rejection

_LONGEST_INTEGER = len(str(-(2**63)))
"""Characters; a longer integer is out of every range and is read as a float, which says so too: as an
int it would cost quadratic time, and from 309 digits on `math` would raise OverflowError."""

_EXACT_FLOAT = 2**53
"""From here on a float does not say which integer was meant: 2^53 + 1 is read as 2^53."""

_BYTE_ORDER_MARK = "\ufeff"

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def inspect(data: bytes) -> Event | Rejection:
    """Return the Event in ``data``, or every problem it has; never raises."""
    if len(data) > MAX_EVENT_BYTES:
        return Rejection((p.TOO_LARGE,))
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Rejection((p.NOT_UTF8,))
    if text.startswith(_BYTE_ORDER_MARK):
        return Rejection((p.BYTE_ORDER_MARK,))
    if _too_deep(text):
        return Rejection((p.TOO_DEEP,))
    try:
        document = json.loads(text, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Rejection((p.NOT_JSON,))
    if not isinstance(document, dict):
        return Rejection((p.NOT_AN_OBJECT,))
    return _event(document)


def has_surrogate(text: str) -> bool:
    """Return whether ``text`` holds a lone surrogate, which no UTF-8 can carry."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _event(document: dict[str, Any]) -> Event | Rejection:
    found: list[Problem] = []
    student_id = _student_id(document, found)
    row = _student(document, found)
    request_id = _request_id(document, found)
    explain = document.get("explain")
    if explain is not None and not isinstance(explain, bool):
        found.append(p.EXPLAIN_TYPE)
    year_elapsed = _year_elapsed(document, found)
    if found or student_id is None:
        return Rejection(tuple(found), student_id, request_id)
    return Event(student_id, Student(*row), request_id, explain, year_elapsed)


def _student_id(document: dict[str, Any], found: list[Problem]) -> int | str | None:
    if "student_id" not in document:
        found.append(p.ID_MISSING)
        return None
    value = document["student_id"]
    problem = None
    if isinstance(value, str):
        if not 1 <= len(value) <= MAX_STUDENT_ID_LENGTH:
            problem = p.ID_RANGE
        elif has_surrogate(value):
            problem = p.ID_NOT_TEXT
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        problem = p.ID_TYPE
    elif isinstance(value, int):
        problem = None if -(2**63) <= value < 2**63 else p.ID_RANGE
    elif abs(value) >= _EXACT_FLOAT:
        problem = p.ID_RANGE
    elif not value.is_integer():
        problem = p.ID_NOT_WHOLE
    if problem is not None:
        found.append(problem)
        return None
    return value if isinstance(value, str) else int(value)


def _student(document: dict[str, Any], found: list[Problem]) -> list[float]:
    if "student" not in document:
        found.append(p.STUDENT_MISSING)
        return []
    student = document["student"]
    if not isinstance(student, dict):
        found.append(p.STUDENT_TYPE)
        return []
    row: list[float] = []
    for feature in FEATURES:
        problems = p.FEATURE_PROBLEMS[feature.name]
        if feature.name not in student:
            found.append(problems.missing)
            continue
        value = student[feature.name]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found.append(problems.wrong_type)
            continue
        if feature.whole and math.isfinite(value) and value != math.floor(value):
            found.append(problems.not_whole)
        if not feature.minimum <= value <= feature.maximum:
            found.append(problems.out_of_range)
            continue
        row.append(float(value))
    return row


def _request_id(document: dict[str, Any], found: list[Problem]) -> str | None:
    value = document.get("request_id")
    if value is None:
        return None
    if not isinstance(value, str):
        found.append(p.REQUEST_TYPE)
    elif len(value) > MAX_REQUEST_ID_LENGTH:
        found.append(p.REQUEST_RANGE)
    elif has_surrogate(value):
        found.append(p.REQUEST_NOT_TEXT)
    else:
        return value
    return None


def _year_elapsed(document: dict[str, Any], found: list[Problem]) -> float | None:
    value = document.get("year_elapsed")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        found.append(p.ELAPSED_TYPE)
    elif not 0 < value <= 1:
        found.append(p.ELAPSED_RANGE)
    else:
        return float(value)
    return None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _too_deep(text: str) -> bool:
    if text.count("{") + text.count("[") <= p.MAX_NESTING:
        return False
    depth = 0
    for token in _STRUCTURE.finditer(text):
        character = token[0]
        if character in "[{":
            depth += 1
            if depth > p.MAX_NESTING:
                return True
        elif character in "]}":
            depth -= 1
    return False
