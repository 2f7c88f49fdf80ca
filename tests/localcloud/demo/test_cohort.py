"""What `make run` streams: good students, broken records, shifted students."""

import json

import numpy as np
import pandas as pd
import pytest

from contract.events import REJECTION_CODES
from contract.features import FEATURE_NAMES
from contract.grades import grade_class
from localcloud.demo import cohort


@pytest.fixture(name="students")
def fixture_students() -> pd.DataFrame:
    rows = {name: np.ones(40) for name in FEATURE_NAMES}
    gpa = np.linspace(0.0, 4.0, 40)
    grades = [grade_class(value) for value in gpa]
    return pd.DataFrame({**rows, "student_id": range(40), "GPA": gpa, "GradeClass": grades})


def test_good_events_carry_only_the_nine_features(students):
    payload = json.loads(cohort.good_events(students)[3].data)
    assert set(payload) == {"student_id", "student"}
    assert tuple(payload["student"]) == FEATURE_NAMES


def test_bad_events_cover_every_code_a_stream_can_carry():
    # Kinesis itself refuses a record above the size limit, and no record makes a sound model fail.
    unseen = {"too_large", "model_failed"}
    assert {event.code for event in cohort.bad_events()} == set(REJECTION_CODES) - unseen


def test_shifted_students_keep_grade_and_gpa_consistent(students):
    moved = cohort.shifted(students, 500, seed=1)
    assert (moved["Absences"] == 6).all()
    assert (moved["StudyTimeWeekly"] == 0).all()
    assert list(moved["GradeClass"]) == [grade_class(gpa) for gpa in moved["GPA"]]
    assert moved["student_id"].is_unique


def test_a_day_away_costs_half_of_what_it_did(students):
    """GIVEN two equal cohorts but for ten absences THEN the new rule takes half a GPA point."""
    more = students.assign(Absences=11)
    few, many = (cohort.shifted(each, 2000, seed=1)["GPA"].mean() for each in (students, more))
    assert few - many == pytest.approx(0.5, abs=0.02)


def test_mixed_puts_bad_records_first_last_and_between(students):
    good, bad = cohort.good_events(students), cohort.bad_events()
    events = cohort.mixed(good, bad, seed=0)
    assert len(events) == len(good) + len(bad)
    assert events[0].code and events[-1].code
    assert any(event.code for event in events[1:-1])
