"""The output records as bytes, without a model."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import msgspec
import pytest

from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from inference.stream.answers import (
    Advice,
    Ok,
    Prediction,
    Probabilities,
    Rejected,
    Source,
    UsedFeatures,
    now_text,
    ok,
    rejected,
)
from inference.stream.events import Event, Student
from inference.stream.problems import ID_MISSING, NOT_JSON, Rejection
from tests.inference.support.kinesis import VALUES

SOURCE = Source("name", "7", "run", "2026-01-01T00:00:00.000Z")
SHARES = (0.1, 0.2, 0.3, 0.3, 0.1)


@pytest.mark.parametrize("guidance", [msgspec.UNSET, [Advice("Music", 0, 1, 0.2, 0.1)]])
def test_a_prediction_holds_what_it_is_given(guidance: list[Advice] | msgspec.UnsetType) -> None:
    """Every field in its place; guidance only where there is some, with its from and to."""
    event = Event("s", Student(*map(float, VALUES)), "r", year_elapsed=0.5)
    said = Prediction("s", 2, "C", 2.7, Probabilities(*SHARES))
    body = (said, UsedFeatures(*VALUES), guidance)
    document = json.loads(ok("id", "time", event, body, SOURCE))
    wanted = [field.encode_name for field in msgspec.structs.fields(Ok)]
    assert list(document) == [n for n in wanted if n != "guidance" or guidance is not msgspec.UNSET]
    assert document["prediction"]["probabilities"] == dict(zip(GRADES, SHARES, strict=True))
    assert document["features"] == dict(zip(FEATURE_NAMES, VALUES, strict=True))
    assert (document["request_id"], document["version"]) == ("r", "7")
    if guidance is not msgspec.UNSET:
        assert (document["guidance"][0]["from"], document["guidance"][0]["to"]) == (0, 1)


def test_a_rejection_holds_what_it_is_given() -> None:
    """Every field in its place, every problem listed."""
    rejection = Rejection((NOT_JSON, ID_MISSING), request_id="r")
    document = json.loads(rejected("id", "time", rejection, SOURCE))
    assert list(document) == [field.encode_name for field in msgspec.structs.fields(Rejected)]
    assert [error["code"] for error in document["errors"]] == ["not_json", "missing_field"]
    assert (document["status"], document["student_id"], document["request_id"]) == (
        "rejected",
        None,
        "r",
    )


def test_now_is_utc_to_the_millisecond() -> None:
    """As every time in an answer."""
    text = now_text()
    assert len(text) == len("2026-01-01T00:00:00.000Z") and text.endswith("Z")
    assert abs(datetime.now().astimezone() - datetime.fromisoformat(text)) < timedelta(minutes=1)
