"""The output records: their exact shape, for predictions and for rejections."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from inference.model.predictor import Predictions, Predictor
from inference.model.scorer import PredictionError, score
from inference.stream.item import Item
from tests.inference.support import factory
from tests.inference.support.kinesis import ARN, SHARD, VALUES, batch, encoded, unpacked
from tests.inference.support.strategies import HOSTILE


def answer(predictor: Predictor, data: bytes) -> dict[str, object]:
    """Return the parsed answer to one record."""
    (only,) = score(unpacked(batch(data)).items, predictor).answers
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
    (only,) = score(unpacked(batch(text)).items, predictor).answers
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
        json.loads(one.data) for one in score(unpacked(batch(*datas)).items, predictor).answers
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


class Picky(Predictor):
    """A sound model that fails on records with these many absences, on any number of them at once.

    ``most`` is the largest batch it can answer at all.
    """

    def __init__(
        self, good: Predictor, culprits: set[int], answer_nan: bool = False, most: int = 10**6
    ) -> None:
        # pylint: disable=super-init-not-called
        self.manifest = good.manifest
        self._good, self._culprits, self._nan, self._most = good, culprits, answer_nan, most
        self.calls = 0

    def predict(self, rows: npt.ArrayLike) -> Predictions:
        """Answer, unless a culprit is among the rows."""
        self.calls += 1
        said = self._good.predict(rows)
        absences = np.reshape(rows, (-1, len(FEATURE_NAMES)))[:, FEATURE_NAMES.index("Absences")]
        bad = np.isin(absences, list(self._culprits))
        if self._nan:
            gpa = np.where(bad, np.nan, said.gpa).astype(np.float32)
            return Predictions(said.probabilities, gpa)
        if bad.any() or len(absences) > self._most:
            raise RuntimeError("secret")
        return said


@pytest.mark.parametrize("answer_nan", [True, False])
def test_a_record_the_model_fails_on_is_rejected_alone(
    predictor: Predictor, answer_nan: bool
) -> None:
    """One culprit among a thousand costs about 2 log2(1000) calls; the rest is answered as ever."""
    datas = [encoded(number, request_id=f"r{number}", Absences=5) for number in range(1000)]
    datas[700] = encoded("culprit", request_id="r700", Absences=200)
    datas[3] = b"{"
    items = unpacked(batch(*datas)).items
    picky = Picky(predictor, {200}, answer_nan)
    found = score(items, picky)
    documents = [json.loads(one.data) for one in found.answers]
    assert documents[700]["errors"] == [
        {
            "code": "model_failed",
            "field": None,
            "message": "the record is valid, but the model cannot answer it; others it can",
        }
    ]
    assert (documents[700]["student_id"], documents[700]["request_id"]) == ("culprit", "r700")
    assert [problem.code for problem in found.problems] == ["not_json", "model_failed"]
    assert len(found.rows) == len(found.predictions.gpa) == 998
    assert picky.calls <= 2 * 10 + 4, "the whole twice, the golden rows twice"
    expected = score(items, predictor)
    same = [number for number in range(1000) if number != 700]
    for number in same:
        document = json.loads(expected.answers[number].data)
        assert documents[number] | {"predicted_at": 0} == document | {"predicted_at": 0}


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_any_mix_of_culprits(students: list[tuple[int, bool]], most: int) -> None:
    """Exactly the culprits are rejected, in place, with or without guidance, in any number.

    A batch that is only too large for the model is answered in parts.
    """
    culprits = {100, 101, 102}
    datas = [
        encoded(number, Absences=100 + absences, explain=explain)
        for number, (absences, explain) in enumerate(students)
    ]
    picky = Picky(factory.predictor(), culprits, most=8 * most)
    found = score(unpacked(batch(*datas)).items, picky)
    documents = [json.loads(one.data) for one in found.answers]
    for document, (absences, explain) in zip(documents, students, strict=True):
        # The levers take five absences off: a record asked that way may need a culprit's answer.
        failed = absences <= 2 or (explain and 100 + absences - 5 in culprits)
        assert document["status"] == ("rejected" if failed else "ok")
        assert ("guidance" in document) is (explain and not failed)
        assert failed or document["prediction"]["student_id"] == documents.index(document)


def test_all_of_a_batch_may_be_culprits(predictor: Predictor) -> None:
    """The golden rows say that the model is sound: each record is rejected, none is retried."""
    datas = [encoded(number, Absences=200) for number in range(5)]
    found = score(unpacked(batch(*datas)).items, Picky(predictor, {200}))
    assert [one.status for one in found.answers] == ["rejected"] * 5
    assert found.rows.shape == (0, 9) and found.predictions.probabilities.shape == (0, 5)


class Failing(Predictor):
    """A verified model that fails afterwards, on whatever it is asked."""

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
    """On its golden rows too: a PredictionError without content, in the first call and guidance."""
    items = unpacked(batch(encoded(1, explain=True))).items
    with pytest.raises(PredictionError, match="^version 1 (failed|gave no finite numbers)$"):
        score(items, Failing(predictor, calls, answer_nan))
