"""Metrics and logs: what is written, and what never is."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from contract.features import DEFAULT_MODEL_NAME
from inference.application import Application
from inference.model.champion import Champion
from inference.model.store import POINTER_FILE, LocalStore
from inference.observability import Observer
from inference.stream.publisher import Publisher
from tests.inference.support import factory
from tests.inference.support.kinesis import MemoryStream, batch, client_error, encoded, record


@pytest.fixture(autouse=True, name="capsys")
def capsys_fixture(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    """Powertools keeps the output stream it first saw: let it see the one of this test."""
    logging.Logger.manager.loggerDict.pop("inference", None)
    return capsys


def documents(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return every JSON line written so far."""
    captured = capsys.readouterr()
    assert not captured.err
    return [json.loads(line) for line in captured.out.splitlines()]


def metrics(lines: list[dict[str, Any]]) -> dict[str, float]:
    """Return name to value, with the code for metrics by code; namespaces checked."""
    found: dict[str, float] = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "StudentPerformance"
            assert line["service"] == "inference"
            for metric in directive["Metrics"]:
                name = metric["Name"]
                key = f"{name}:{line['code']}" if "code" in line else name
                value = line[name]
                found[key] = value[0] if isinstance(value, list) else value
    return found


def application(models: Path, stream: MemoryStream) -> Application:
    """Return a service that looks at the pointer every time."""
    champion = Champion(LocalStore(models, DEFAULT_MODEL_NAME), DEFAULT_MODEL_NAME, 0, 60)
    publisher = Publisher(stream, "predictions", 0.3, sleep=lambda _: None)
    return Application(champion, publisher, Observer())


def test_one_batch_in_numbers(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Records, predictions, rejections by code, retries, ages, version and time."""
    stream = MemoryStream(lambda call, entries: {0, 1} if call == 0 else set())
    datas = (encoded(1), encoded(2, Absences=-1, Music=7), b"{", encoded(3))
    application(models, stream).handle(batch(*datas), lambda: 30.0)
    found = metrics(documents(capsys))
    assert {name: value for name, value in found.items() if "Milli" not in name} == {
        "Records": 4,
        "Predictions": 2,
        "Rejected": 2,
        "Problems:out_of_range": 2,
        "Problems:not_json": 1,
        "PutRetries": 2,
        "Unpublished": 0,
        "BatchFailures": 0,
        "ModelVersion": 1,
        "ModelAgeSeconds": pytest.approx(found["ModelAgeSeconds"]),
        "ModelSwaps": 1,
    }
    assert found["HandlerMilliseconds"] > 0
    assert found["IteratorAgeMilliseconds"] > 1e9  # the test's records arrived in 2023


def test_a_batch_that_is_not_published(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The failure is counted, and one line says which error codes were met."""
    stream = MemoryStream(lambda call, entries: client_error("AccessDeniedException"))
    application(models, stream).handle(batch(encoded(1), encoded(2)), lambda: 30.0)
    lines = documents(capsys)
    found = metrics(lines)
    assert (found["Unpublished"], found["BatchFailures"]) == (2, 1)
    (line,) = [line for line in lines if line.get("message") == "batch not fully published"]
    assert line["put_errors"] == {"AccessDeniedException": 1}
    assert line["level"] == "ERROR"


def test_a_failed_refresh_is_counted_each_time_and_told_once(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The metric goes on while the trouble lasts; the log says each reason once."""
    service = application(models, MemoryStream())
    service.handle(batch(encoded()), lambda: 9.0)
    (models / POINTER_FILE).write_text("{}")
    capsys.readouterr()
    lines = []
    for _ in range(3):
        service.handle(batch(encoded()), lambda: 9.0)
        new = documents(capsys)
        assert metrics(new)["ModelRefreshFailures"] == 1
        lines += new
    factory.publish(models, "2")
    service.handle(batch(encoded()), lambda: 9.0)
    lines += documents(capsys)
    said = [(line["message"], line.get("version")) for line in lines if "message" in line]
    assert said == [("model refresh failed", None), ("model serves", "2")]


def test_no_model_at_all_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The invocation's failure and the refresh's."""
    with pytest.raises(Exception, match="no model can serve"):
        application(tmp_path, MemoryStream()).handle(batch(encoded()), lambda: 9.0)
    lines = documents(capsys)
    found = metrics(lines)
    assert (found["InvocationFailures"], found["ModelRefreshFailures"]) == (1, 1)
    assert "model_unavailable" in [line.get("code") for line in lines]


def test_names_come_from_the_environment(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two deployments in one account are told apart by service and namespace."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stg")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Space")
    application(models, MemoryStream()).handle(batch(b"{"), lambda: 9.0)
    for line in documents(capsys):
        assert line["service"] == "stg"
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "Space"


@pytest.mark.parametrize(("created_at", "age"), [("no time", 0.0), ("2999-01-01T00:00:00Z", 0.0)])
def test_model_age(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], created_at: str, age: float
) -> None:
    """A creation time that is unreadable or in the future is no age."""
    factory.publish(tmp_path, "v2-rc", created_at=created_at)
    application(tmp_path, MemoryStream()).handle(batch(encoded()), lambda: 9.0)
    found = metrics(documents(capsys))
    assert found["ModelAgeSeconds"] == age
    assert "ModelVersion" not in found


CANARY = "canary-7319"
NUMBER = 731973197319


def test_no_personal_value_reaches_logs_or_metrics(
    models: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Canary values in every place a record has: none in logs and metrics, and of the answers only
    in those of the fields the contract echoes."""
    private = {
        "Age": NUMBER,
        "Gender": CANARY,
        "Ethnicity": CANARY,
        "StudentID": NUMBER,
        "note": CANARY,
        CANARY: CANARY,
    }
    hidden = [
        encoded(5, **private),
        encoded(5, Absences=CANARY, Music=NUMBER, **private),
        encoded([CANARY], request_id=[CANARY], explain=CANARY),
        encoded(CANARY * 20, **private),
        encoded({"name": CANARY}, student=CANARY),
        f'{{"student_id": {CANARY}'.encode(),
        CANARY.encode() + b"\xff",
    ]
    stream = MemoryStream(lambda call, entries: {0} if call < 2 else set())
    service = application(models, stream)
    service.handle(batch(*hidden), lambda: 9.0)
    answers = b"".join(entry["Data"] for entry in stream.entries)
    assert len(stream.entries) == 7
    assert CANARY.encode() not in answers and str(NUMBER).encode() not in answers

    echoed = encoded(CANARY, request_id=CANARY)
    broken = record(3, b"?")
    broken["kinesis"]["data"] = CANARY
    stream.fault = lambda call, entries: client_error("AccessDeniedException")
    service.handle({"Records": [record(1, echoed, CANARY), broken]}, lambda: 9.0)
    (models / POINTER_FILE).write_text("{")
    service.handle(batch(echoed), lambda: 9.0)
    with pytest.raises(Exception, match="must hold the records"):
        service.handle({"Records": CANARY}, lambda: 9.0)
    written = capsys.readouterr()
    everything = written.out + written.err + caplog.text
    assert "batch not fully published" in everything
    assert CANARY not in everything and str(NUMBER) not in everything
