"""The worker's loops: each known to whoever watches them, and ended together."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from monitoring import child, loop, settings, worker
from monitoring.child import Child
from monitoring.dashboards.grafana.alerts import RULES
from monitoring.dashboards.panels.service_board import SERVICE
from monitoring.ingest import process
from monitoring.loop import Part
from monitoring.storage import heartbeats
from monitoring.storage.heartbeats import LOOPS
from monitoring.windows import process as reporting
from monitoring.worker import Worker, parts

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://x@127.0.0.1/y",
    "PREDICTIONS_STREAM_NAME": "predictions",
    "LABELS_STREAM_NAME": "labels",
    "FAILURE_QUEUE_URL": "http://127.0.0.1/queue",
}


@pytest.fixture(autouse=True)
def aws_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is called; clients want a region all the same."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_every_loop_is_known_to_panels_alerts_and_status() -> None:
    """GIVEN a worker with both streams WHEN its loops are listed
    THEN they are the ones declared, and each watched one is in the panel, the alert and the table.
    """
    configured = settings.load(ENVIRONMENT)
    running = [process.part(configured), reporting.part(configured), *parts(configured)]
    assert {part.loop for part in running} == set(LOOPS) and len(running) == len(LOOPS)
    panels = {panel.title: panel for row in SERVICE.rows for panel in row.panels}
    alert = next(rule for rule in RULES if rule.uid == "sp-worker-silent")
    for part in running:
        for sql in (panels["Worker silent for"].sql, panels["Loops"].sql, alert.sql):
            assert (f"'{part.loop.name}'" in sql) == part.loop.watched
    assert panels["Loops"].sql == heartbeats.ALL_SQL  # what ``status`` reads, too


def test_streams_that_are_not_set_have_no_loop() -> None:
    """GIVEN no streams WHEN the loops are listed THEN labels, watch, outbox and retention."""
    configured = settings.load({"DATABASE_URL": ENVIRONMENT["DATABASE_URL"]})
    names = [part.loop.name for part in parts(configured)]
    assert names == ["labels", "watch", "outbox", "retention"]


def test_one_loop_that_fails_ends_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN loops that run until told to stop WHEN one fails THEN the others end, its error is raised."""
    ended: list[str] = []

    def run(part: Part, _: str, stop: threading.Event) -> None:
        if part.loop is heartbeats.WATCH:
            raise ZeroDivisionError
        assert stop.wait(60)
        ended.append(part.loop.name)

    def supervise(its: Child, _: Any, stop: threading.Event) -> None:
        assert stop.wait(60)
        ended.append(its.name)

    monkeypatch.setattr(loop, "run", run)
    monkeypatch.setattr(child, "supervise", supervise)
    monkeypatch.setattr(worker.Worker, "_prepare", lambda *_: None)
    with pytest.raises(ZeroDivisionError):
        Worker(settings.load(ENVIRONMENT)).run()
    assert sorted(ended) == [
        "failure queue",
        "ingest",
        "label stream",
        "labels",
        "outbox",
        "reports",
        "retention",
    ]
