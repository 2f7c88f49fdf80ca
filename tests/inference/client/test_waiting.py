"""Why an answer is lacking, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from inference.client import waiting
from tests.inference.support.given_up import Cloud
from tests.inference.support.kinesis import client_error, encoded


class Away:
    """What answers nothing, or an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error or EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    def head_object(self, **_: Any) -> None:
        """Fail."""
        raise self.error

    def get_queue_attributes(self, **_: Any) -> None:
        """Fail."""
        raise self.error


@pytest.fixture(autouse=True)
def variables_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable but those a test sets."""
    for name in ("MODEL_BUCKET", "MODEL_LOCATION", "MODEL_NAME", "FAILURE_QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_where_nothing_can_be_seen_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variables, or an endpoint that is away: no reason is made up."""
    assert waiting.reason() == "is it running?"
    monkeypatch.setenv("MODEL_BUCKET", "models")
    monkeypatch.setenv("FAILURE_QUEUE_URL", "queue")
    monkeypatch.setattr(waiting, "client", lambda _: Away())
    assert waiting.reason() == "is it running?"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("404", "no model yet: make train"),
        ("NoSuchBucket", "no model yet: make train"),
        ("AccessDenied", "is it running?"),
    ],
)
def test_a_bucket_without_a_champion(
    monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    """Absent is known, forbidden is not."""
    monkeypatch.setenv("MODEL_BUCKET", "models")
    monkeypatch.setattr(waiting, "client", lambda _: Away(client_error(code)))
    assert waiting.reason() == words


def test_a_folder_with_and_without_a_champion(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """MODEL_LOCATION is the model's own folder, or one that holds models/NAME."""
    monkeypatch.setenv("MODEL_LOCATION", str(tmp_path))
    assert waiting.no_model() == "no model yet: make train"
    (tmp_path / "champion.json").touch()
    assert waiting.no_model() == ""


def test_both_reasons_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No model, and batches given up for it."""
    monkeypatch.setenv("MODEL_LOCATION", str(tmp_path))
    monkeypatch.setenv("FAILURE_QUEUE_URL", "queue")
    cloud = Cloud(encoded(1))
    cloud.give_up(0, 0)
    monkeypatch.setattr(waiting, "client", lambda _: cloud)
    first, second = waiting.reason().split("; ")
    assert first == "no model yet: make train"
    assert second.startswith("1 batch given up, the oldest ") and second.endswith(": make redrive")
