"""Every way an event can be right or wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from contract.events import MAX_EVENT_BYTES, REJECTION_CODES
from contract.features import FEATURES
from inference.stream.decoding import decode
from inference.stream.events import Event
from inference.stream.inspection import inspect
from inference.stream.problems import MAX_NESTING, Rejection
from tests.inference.support.kinesis import encoded, event
from tests.inference.support.strategies import EVENTS, HOSTILE


def problems(data: bytes) -> list[tuple[str, str | None]]:
    """Return (code, field) of each problem."""
    found = decode(data)
    assert isinstance(found, Rejection), found
    return [(problem.code, problem.field) for problem in found.problems]


def text(**changes: str) -> bytes:
    """Return a valid event with raw JSON texts put in place of values."""
    student = {key: json.dumps(value) for key, value in event()["student"].items()}
    top = {"student_id": "1", "student": "", "request_id": "null", "explain": "null"}
    student.update({key: value for key, value in changes.items() if key in student})
    top.update({key: value for key, value in changes.items() if key not in student})
    top["student"] = top["student"] or (
        "{" + ",".join(f'"{key}":{value}' for key, value in student.items()) + "}"
    )
    return ("{" + ",".join(f'"{key}":{value}' for key, value in top.items()) + "}").encode()


@given(EVENTS)
def test_every_valid_event_is_accepted_by_both_paths(document: dict[str, Any]) -> None:
    """A valid event is accepted, and the careful path reads the same from it."""
    data = json.dumps(document).encode()
    found = decode(data)
    assert isinstance(found, Event)
    assert found == inspect(data)
    assert found.student_id == document["student_id"]
    assert isinstance(found.student_id, (int, str))


@pytest.mark.parametrize(
    "data",
    [
        text(student_id='"' + "é" * 128 + '"', request_id='"é"'),
        text(x="[" + "[]," * (MAX_NESTING - 4) + "[]]"),
        text(student_id=str(-(2**63))).ljust(MAX_EVENT_BYTES),
    ],
    ids=["not_ascii", "brackets", "largest"],
)
def test_a_valid_event_needs_no_careful_path(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters beyond ASCII, 64 brackets and 1 MiB are all still read at full speed."""
    monkeypatch.setattr(
        "inference.stream.decoding.inspect", lambda data: pytest.fail("went the slow way")
    )
    assert isinstance(decode(data), Event)


@given(HOSTILE)
@settings(max_examples=1500, deadline=None)
def test_whatever_comes_is_an_event_or_a_typed_rejection(data: bytes) -> None:
    """Hostile bytes never raise; fast and careful path agree; messages hold no value."""
    found = decode(data)
    careful = inspect(data)
    assert _same(found, careful)
    if isinstance(found, Rejection):
        assert found.problems
        assert all(problem.code in REJECTION_CODES for problem in found.problems)
        assert len({(p.code, p.field) for p in found.problems}) == len(found.problems)


def _same(one: Event | Rejection, other: Event | Rejection) -> bool:
    if isinstance(one, Event) and isinstance(other, Event):
        # None and False both say "do not explain"
        return replace(one, explain=bool(one.explain)) == replace(
            other, explain=bool(other.explain)
        )
    return one == other


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("not_json", None)),
        (b"\xff\xfe", ("not_utf8", None)),
        (encoded().decode().encode("utf-16"), ("not_utf8", None)),
        (b"\xef\xbb\xbf" + encoded(), ("not_json", None)),
        (b"{", ("not_json", None)),
        (b'{"student_id": 1', ("not_json", None)),
        (encoded() + b"{}", ("not_json", None)),
        (b"null", ("not_an_object", None)),
        (b"[]", ("not_an_object", None)),
        (b'"text"', ("not_an_object", None)),
        (b"7", ("not_an_object", None)),
        (text(StudyTimeWeekly="NaN"), ("not_json", None)),
        (text(StudyTimeWeekly="Infinity"), ("not_json", None)),
        (text(StudyTimeWeekly="-Infinity"), ("not_json", None)),
        (text(Absences="01"), ("not_json", None)),
        (b" " * (MAX_EVENT_BYTES + 1), ("too_large", None)),
        (b"\x00" * 1000, ("not_json", None)),
        (b"[" * MAX_EVENT_BYTES, ("not_json", None)),
        (b'{"a":' * 100_000, ("not_json", None)),
        (text(StudyTimeWeekly="1e400"), ("out_of_range", "student.StudyTimeWeekly")),
        (text(Absences="-1e400"), ("out_of_range", "student.Absences")),
        (text(Absences="9" * 100_000), ("out_of_range", "student.Absences")),
        (text(Absences="9" * 309), ("out_of_range", "student.Absences")),
        (text(Absences="-" + "9" * 399), ("out_of_range", "student.Absences")),
        (text(Absences="1e5"), ("out_of_range", "student.Absences")),
        (text(Absences="366"), ("out_of_range", "student.Absences")),
        (text(Absences="-1"), ("out_of_range", "student.Absences")),
        (text(StudyTimeWeekly="168.0001"), ("out_of_range", "student.StudyTimeWeekly")),
        (text(Tutoring="2"), ("out_of_range", "student.Tutoring")),
        (text(Tutoring="0.5"), ("not_whole", "student.Tutoring")),
        (text(Tutoring="true"), ("wrong_type", "student.Tutoring")),
        (text(Absences='"7"'), ("wrong_type", "student.Absences")),
        (text(Absences="null"), ("wrong_type", "student.Absences")),
        (text(Absences="[7]"), ("wrong_type", "student.Absences")),
        (text(student="null"), ("wrong_type", "student")),
        (text(student="[]"), ("wrong_type", "student")),
        (text(student_id="null"), ("wrong_type", "student_id")),
        (text(student_id="true"), ("wrong_type", "student_id")),
        (text(student_id="[]"), ("wrong_type", "student_id")),
        (text(student_id="{}"), ("wrong_type", "student_id")),
        (text(student_id="1.5"), ("not_whole", "student_id")),
        (text(student_id='""'), ("out_of_range", "student_id")),
        (text(student_id='"' + "x" * 129 + '"'), ("out_of_range", "student_id")),
        (text(student_id="9223372036854775808"), ("out_of_range", "student_id")),
        (text(student_id="-9223372036854775809"), ("out_of_range", "student_id")),
        (text(student_id="9" * 5000), ("out_of_range", "student_id")),
        (text(student_id="1e400"), ("out_of_range", "student_id")),
        (text(student_id="9007199254740994.0"), ("out_of_range", "student_id")),
        (text(student_id="9007199254740993.0"), ("out_of_range", "student_id")),
        (text(student_id="-9007199254740993.0"), ("out_of_range", "student_id")),
        (text(student_id="9007199254740992.0"), ("out_of_range", "student_id")),
        (text(student_id="9.007199254740993e15"), ("out_of_range", "student_id")),
        (text(student_id='"\\ud800"'), ("not_utf8", "student_id")),
        (text(request_id="1"), ("wrong_type", "request_id")),
        (text(request_id="{}"), ("wrong_type", "request_id")),
        (text(request_id='"' + "x" * 129 + '"'), ("out_of_range", "request_id")),
        (text(request_id='"\\udfff"'), ("not_utf8", "request_id")),
        (text(explain="1"), ("wrong_type", "explain")),
        (text(year_elapsed="true"), ("wrong_type", "year_elapsed")),
        (text(year_elapsed='"0.5"'), ("wrong_type", "year_elapsed")),
        (text(year_elapsed="0"), ("out_of_range", "year_elapsed")),
        (text(year_elapsed="1e-400"), ("out_of_range", "year_elapsed")),
        (text(year_elapsed="1.0001"), ("out_of_range", "year_elapsed")),
        (text(year_elapsed="9" * 400), ("out_of_range", "year_elapsed")),
        (text(explain='"true"'), ("wrong_type", "explain")),
    ],
)
def test_one_problem(data: bytes, expected: tuple[str, str | None]) -> None:
    """Each single fault has its code and its field, and nothing else is reported."""
    assert problems(data) == [expected]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.name)
def test_ranges_are_closed(feature: Any) -> None:
    """Both ends of a range are accepted and the next number beyond is not; both as 2 and 2.0."""
    for value in (feature.minimum, feature.maximum):
        assert isinstance(decode(text(**{feature.name: str(value)})), Event)
        assert isinstance(decode(text(**{feature.name: f"{value}.0"})), Event)
    field = f"student.{feature.name}"
    for value in (feature.minimum - 1, feature.maximum + 1):
        assert problems(text(**{feature.name: str(value)})) == [("out_of_range", field)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1001", 1001),
        ("1001.0", 1001),
        ("1.001e3", 1001),
        ("-5", -5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9007199254740991.0", 2**53 - 1),
        ("9007199254740992", 2**53),
        ("-9007199254740992", -(2**53)),
        ("9007199254740993", 2**53 + 1),
        ('"1001"', "1001"),
        ('"' + "é" * 128 + '"', "é" * 128),
        ('"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_student_ids(written: str, read: int | str) -> None:
    """Integers in any spelling, and strings, are student ids; 1001.0 is 1001."""
    found = decode(text(student_id=written))
    assert isinstance(found, Event)
    assert found.student_id == read
    assert type(found.student_id) is type(read)


@pytest.mark.parametrize(
    ("written", "read"), [("null", None), ("1", 1.0), ("0.25", 0.25), ("5e-324", 5e-324)]
)
def test_the_share_of_the_year(written: str, read: float | None) -> None:
    """Any number over 0 up to 1; null is not said."""
    found = decode(text(year_elapsed=written))
    assert isinstance(found, Event) and found == inspect(text(year_elapsed=written, explain="null"))
    assert found.year_elapsed == read


def test_all_problems_are_listed_together() -> None:
    """A record wrong in many ways says all of them, in a stable order."""
    student = {**event()["student"], "Absences": -0.5, "Tutoring": "1", "Music": 9}
    del student["Sports"]
    data = json.dumps({"student": student, "request_id": 7, "explain": 0}).encode()
    assert problems(data) == [
        ("missing_field", "student_id"),
        ("not_whole", "student.Absences"),
        ("out_of_range", "student.Absences"),
        ("wrong_type", "student.Tutoring"),
        ("missing_field", "student.Sports"),
        ("out_of_range", "student.Music"),
        ("wrong_type", "request_id"),
        ("wrong_type", "explain"),
    ]


def test_an_empty_object_lacks_both_fields() -> None:
    """student is one missing field, not nine."""
    assert problems(b"{}") == [("missing_field", "student_id"), ("missing_field", "student")]


def test_a_rejection_keeps_only_what_could_be_read() -> None:
    """A readable id and request id are kept; unreadable ones are not echoed."""
    kept = decode(text(student_id="5", request_id='"r"', Absences="-1"))
    assert isinstance(kept, Rejection)
    assert (kept.student_id, kept.request_id) == (5, "r")
    lost = decode(text(student_id="5.5", request_id="[1]"))
    assert isinstance(lost, Rejection)
    assert (lost.student_id, lost.request_id) == (None, None)


@pytest.mark.parametrize(
    ("first", "second", "accepted"), [("99", "2", True), ("2", "99", False), ("2", "3", True)]
)
def test_of_duplicate_keys_the_last_counts(first: str, second: str, accepted: bool) -> None:
    """Whatever a first occurrence holds, only the last one is judged."""
    data = text(ParentalSupport=f'{first},"ParentalSupport":{second}')
    assert isinstance(decode(data), Event) is accepted
    assert _same(decode(data), inspect(data))


@pytest.mark.parametrize(
    "ignored",
    ['"\\ud800"', "1e999", "9" * 5000, '"\\u0000"', "[[[1]]]", '{"Gender":1}', "true", '"]]]{{{"'],
)
def test_extra_keys_are_ignored_whatever_they_hold(ignored: str) -> None:
    """Unknown keys with strange but legal values do not matter."""
    assert isinstance(decode(text(StudentID=ignored)), Event)


def test_an_extra_key_must_still_be_text() -> None:
    """Bytes that are no UTF-8 reject the record even inside an ignored key."""
    assert problems(text(note='"?"').replace(b"?", b"\xff")) == [("not_utf8", None)]


def test_nesting_is_bounded_at_a_fixed_depth() -> None:
    """Exactly the allowed depth passes, one more does not, and brackets in strings do not count."""
    allowed = MAX_NESTING - 1
    assert isinstance(decode(text(x="[" * allowed + "]" * allowed)), Event)
    deeper = allowed + 1
    assert problems(text(x="[" * deeper + "]" * deeper)) == [("not_json", None)]
    assert isinstance(decode(text(x='"' + "[{" * 500 + '\\""')), Event)
    assert isinstance(decode(text(x="[" + "[]," * 500 + "{}]")), Event)


def test_nesting_counts_down_at_every_close() -> None:
    """Depth is what is open at once: shallow parts do not add up, and none hides a deep one."""
    low, high = "[" * (MAX_NESTING - 2), "]" * (MAX_NESTING - 2)
    assert isinstance(decode(text(x=f"{low}[],[],[]{high}")), Event)
    assert problems(text(x=f"{low}[],[[]]{high}")) == [("not_json", None)]


def test_a_byte_order_mark_is_named() -> None:
    """Not only that the record is no JSON: editors show nothing wrong with it."""
    found = decode(b"\xef\xbb\xbf" + encoded())
    assert isinstance(found, Rejection)
    assert "byte order mark" in found.problems[0].message


def test_messages_state_what_is_accepted() -> None:
    """A message names field, range and unit."""
    found = decode(text(Absences="400"))
    assert isinstance(found, Rejection)
    assert found.problems[0].message == (
        "student.Absences must be a whole number from 0 to 365 (days per school year)"
    )
