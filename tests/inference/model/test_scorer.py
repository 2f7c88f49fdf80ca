"""The output records: their exact shape, for predictions and for rejections."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

import pytest
from hypothesis import given, settings

from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from inference.model.predictor import Predictions, Predictor
from inference.model.scorer import PredictionError, score
from inference.stream.envelope import unpack
from inference.stream.item import Item
from tests.inference.support import factory
from tests.inference.support.kinesis import ARN, SHARD, VALUES, batch, encoded
from tests.inference.support.strategies import HOSTILE


def answer(predictor: Predictor, data: bytes) -> dict[str, object]:
    """Return the parsed answer to one record."""
    (only,) = score(unpack(batch(data)).items, predictor).answers
    document: dict[str, object] = json.loads(only.data)
    return document


def test_a_prediction(predictor: Predictor) -> None:
    """Every field of the output record, in order, with the formula's numbers."""
    document = answer(predictor, encoded(1001.0, request_id="r", Age=17, Gender=1, StudentID=9))
    probabilities, gpa = factory.expected([VALUES])
    assert list(document) == [
        "schema",
        "prediction_id",
        "request_id",
        "status",
        "model",
        "version",
        "run_id",
        "prediction",
        "features",
        "event_time",
        "predicted_at",
    ]
    assert document["schema"] == "student-performance.prediction/1"
    assert document["prediction_id"] == str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ARN}/{SHARD}/1/0"))
    assert (document["request_id"], document["status"]) == ("r", "ok")
    assert (document["model"], document["version"]) == ("student-performance", "1")
    assert document["run_id"] == "run-1"
    assert document["prediction"] == {
        "student_id": 1001,
        "GradeClass": 1,
        "grade": "B",
        "GPA": pytest.approx(gpa[0], abs=1e-4),
        "probabilities": pytest.approx(dict(zip(GRADES, probabilities[0], strict=True)), abs=1e-5),
    }
    assert document["features"] == dict(zip(FEATURE_NAMES, VALUES, strict=True))
    assert document["event_time"] == "2023-11-14T22:13:21.250Z"
    predicted_at = str(document["predicted_at"])
    assert predicted_at.endswith("Z") and datetime.fromisoformat(predicted_at)


def test_whole_numbers_stay_whole(predictor: Predictor) -> None:
    """Features sent as 7.0 are echoed as 7, minus zero as zero."""
    text = encoded(1, Absences=7.0, StudyTimeWeekly=-0.0, Tutoring=-0.0)
    (only,) = score(unpack(batch(text)).items, predictor).answers
    assert b'"Absences":7,"Tutoring":0,' in only.data
    assert b'"StudyTimeWeekly":0.0,' in only.data


def test_a_rejection(predictor: Predictor) -> None:
    """The same head, the student id if readable, the errors."""
    document = answer(predictor, encoded("s", Absences=-1, request_id="r"))
    assert list(document) == [
        "schema",
        "prediction_id",
        "request_id",
        "status",
        "model",
        "version",
        "run_id",
        "student_id",
        "errors",
        "event_time",
        "predicted_at",
    ]
    assert (document["status"], document["student_id"], document["request_id"]) == (
        "rejected",
        "s",
        "r",
    )
    assert document["errors"] == [
        {
            "code": "out_of_range",
            "field": "student.Absences",
            "message": "student.Absences must be a whole number from 0 to 365"
            " (days per school year)",
        }
    ]


def test_guidance_only_where_it_is_asked_for(predictor: Predictor) -> None:
    """Per record, not per batch."""
    datas = (encoded(1), encoded(2, explain=True), encoded(3, explain=False), b"{")
    documents = [
        json.loads(one.data) for one in score(unpack(batch(*datas)).items, predictor).answers
    ]
    assert ["guidance" in document for document in documents] == [False, True, False, False]
    assert documents[1]["guidance"][0] == {
        "feature": "Absences",
        "from": 7,
        "to": 2,
        "gpa_change": 0.5,
        "better_grade_probability_change": pytest.approx(0.6015, abs=1e-3),
    }


def test_in_mid_year_the_absences_to_come_count(predictor: Predictor) -> None:
    """Absences so far predict worse than the same as a year's total; the answer says which."""
    whole, one, half = (
        answer(predictor, encoded(1, **said))
        for said in ({}, {"year_elapsed": 1}, {"year_elapsed": 0.5})
    )
    assert "year_elapsed" not in whole
    assert (one["year_elapsed"], half["year_elapsed"]) == (1.0, 0.5)
    assert one["prediction"] == whole["prediction"] and one["features"] == half["features"]
    assert half["prediction"]["GPA"] < whole["prediction"]["GPA"] - 0.4  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "key", "expected"),
    [
        (encoded(5), "input", "5"),
        (encoded("ü"), "input", "ü"),
        (encoded(5, Absences=-1), "input", "5"),
        (b"{", "input", "input"),
        (b"{", "", "unknown"),
        (b"{", "x" * 257, "unknown"),
        (b"{", "\ud800", "unknown"),
    ],
)
def test_partition_keys(predictor: Predictor, data: bytes, key: str, expected: str) -> None:
    """The student id as text, else the input's own key, else a fixed one."""
    (only,) = score([Item(data, key, "id", "time")], predictor).answers
    assert only.partition_key == expected


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_every_answer_is_json_without_nan(data: bytes) -> None:
    """Whatever came in, the answer is strict JSON of the schema and small."""
    (only,) = score([Item(data, "key", "id", "time")], factory.predictor()).answers
    document = json.loads(only.data, parse_constant=pytest.fail)
    assert document["status"] in ("ok", "rejected")
    assert len(only.data) < 8192
    assert 1 <= len(only.partition_key) <= 256


def test_an_empty_batch(predictor: Predictor) -> None:
    """No items, no answers, no model trouble."""
    assert not score([], predictor).answers


def test_the_same_record_gives_the_same_answer(predictor: Predictor) -> None:
    """Answered twice, only predicted_at may differ."""
    first, second = (answer(predictor, encoded(1, explain=True)) for _ in range(2))
    del first["predicted_at"], second["predicted_at"]
    assert first == second


class Failing(Predictor):
    """A verified model that fails afterwards."""

    def __init__(self, good: Predictor, calls: int, answer_nan: bool) -> None:
        # pylint: disable=super-init-not-called
        self.manifest = good.manifest
        self._good, self._calls, self._nan = good, calls, answer_nan

    def predict(self, rows: object) -> Predictions:
        """Answer well for some calls, then not."""
        self._calls -= 1
        answer_ = self._good.predict(rows)  # type: ignore[arg-type]
        if self._calls >= 0:
            return answer_
        if self._nan:
            return Predictions(answer_.probabilities * float("nan"), answer_.gpa)
        raise RuntimeError("secret")


@pytest.mark.parametrize("answer_nan", [True, False])
@pytest.mark.parametrize("calls", [0, 1])
def test_a_model_that_fails_answers_nobody(
    predictor: Predictor, calls: int, answer_nan: bool
) -> None:
    """Its failure is a PredictionError without content, in the first call and in guidance."""
    items = unpack(batch(encoded(1, explain=True))).items
    with pytest.raises(PredictionError, match="^version 1 (failed|gave no finite numbers)$"):
        score(items, Failing(predictor, calls, answer_nan))
