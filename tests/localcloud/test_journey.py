"""The books of `make run`: what is streamed, and what counts as one answer each."""

import json

import numpy as np
import pandas as pd
import pytest

from contract.events import REJECTION_CODES
from contract.features import FEATURE_NAMES
from contract.grades import grade_class
from localcloud.demo import cohort
from localcloud.demo.summary import BURST, PACED, Findings
from localcloud.demo.tally import Tally


@pytest.fixture(name="students")
def fixture_students() -> pd.DataFrame:
    rows = {name: np.ones(40) for name in FEATURE_NAMES}
    gpa = np.linspace(0.0, 4.0, 40)
    grades = [grade_class(value) for value in gpa]
    return pd.DataFrame({**rows, "student_id": range(40), "GPA": gpa, "GradeClass": grades})


def answer(identity: str, **fields: object) -> dict:
    """An ok answer, with ``fields`` in place of its own."""
    return {
        "prediction_id": identity,
        "status": "ok",
        "version": "1",
        "prediction": {"GradeClass": 2},
        **fields,
    }


def test_good_events_carry_only_the_nine_features(students):
    payload = json.loads(cohort.good_events(students)[3].data)
    assert set(payload) == {"student_id", "student"}
    assert tuple(payload["student"]) == FEATURE_NAMES


def test_bad_events_cover_every_code_a_stream_can_carry():
    # Kinesis itself refuses a record above the size limit, so too_large cannot be put.
    assert {event.code for event in cohort.bad_events()} == set(REJECTION_CODES) - {"too_large"}


def test_shifted_students_keep_grade_and_gpa_consistent(students):
    moved = cohort.shifted(students, 500, seed=1)
    assert (moved["Absences"] == 6).all()
    assert (moved["StudyTimeWeekly"] == 0).all()
    assert list(moved["GradeClass"]) == [grade_class(gpa) for gpa in moved["GPA"]]
    assert moved["student_id"].is_unique


def test_mixed_puts_bad_records_first_last_and_between(students):
    good, bad = cohort.good_events(students), cohort.bad_events()
    events = cohort.mixed(good, bad, seed=0)
    assert len(events) == len(good) + len(bad)
    assert events[0].code and events[-1].code
    assert any(event.code for event in events[1:-1])


def test_tally_counts_one_answer_each_and_repeats_apart():
    tally = Tally()
    for number in range(3):
        tally.put(f"p{number}", cohort.Event(b"", "k", truth=2), 10.0, "paced")
    tally.read(answer("p0"), 10.5)
    tally.read(answer("p0"), 10.6)
    tally.read(answer("elsewhere"), 10.6)
    assert (tally.missing, tally.repeated, tally.strangers) == (2, 1, 1)
    assert len(tally.wrong()) == 2
    assert tally.grades("paced").tolist() == [[2, 2]]
    assert tally.latencies("paced") == pytest.approx([0.5])
    assert tally.latencies("burst").size == 0


def test_tally_names_a_rejection_with_another_code():
    tally = Tally()
    tally.put("bad", cohort.Event(b"", "k", code="not_json"), 0.0, "paced")
    tally.read(answer("bad", status="rejected", errors=[{"code": "not_utf8"}]), 1.0)
    assert tally.wrong() == ["a record due for not_json got ['not_utf8']"]
    assert tally.rejections() == {"not_utf8": 1}


def test_tally_names_a_good_record_that_was_rejected():
    tally = Tally()
    tally.put("good", cohort.Event(b"", "k", truth=1), 0.0, "paced")
    tally.read(answer("good", status="rejected", errors=[{"code": "out_of_range"}]), 1.0)
    assert "good record was rejected" in tally.wrong()[0]


def test_throughput_spans_first_put_to_last_answer():
    tally = Tally()
    for number in range(4):
        tally.put(f"p{number}", cohort.Event(b"", "k", truth=2), 10.0 + number, "burst")
        tally.read(answer(f"p{number}"), 12.0 + number)
    assert tally.records_per_second("burst") == pytest.approx(4 / 5)
    assert tally.versions("burst") == {"1": 4}


def test_summary_reports_a_missing_answer_as_failure():
    tally = Tally()
    for number, phase in enumerate((PACED, BURST, BURST)):
        tally.put(f"p{number}", cohort.Event(b"", "k", truth=2), 1.0, phase)
    tally.read(answer("p0"), 1.1)
    tally.read(answer("p1"), 1.2)
    findings = Findings({"version": "1", "candidate": "gaussian", "metrics": {}}, tally)
    assert findings.problems == ["1 of 3 inputs have no answer"]
    assert ("one answer each", "2 of 3 inputs (0 repeats dropped)") in findings.rows()
