"""When a retraining may start, and how one ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitoring.actions.retraining import TrainingOutcome, failure, hindrance, read_outcome
from monitoring.errors import DeliveryError


@pytest.mark.parametrize(
    ("labels", "cooldown", "words"),
    [
        (99, None, "waiting for labels: 99 of 100"),
        (99, 60.0, "waiting for labels: 99 of 100"),
        (100, 59.6, "cooldown: 60 s left since the last retraining began"),
        (100, 0.0, None),
        (100, None, None),
    ],
)
def test_a_request_waits_for_labels_and_then_for_the_cooldown(
    labels: int, cooldown: float | None, words: str | None
) -> None:
    """GIVEN known labels and the rest of a cooldown WHEN asked THEN what is waited for, labels first."""
    assert hindrance(labels, 100, cooldown) == words


@pytest.mark.parametrize(
    ("status", "late", "words"),
    [
        ("running", False, None),
        ("", False, None),
        ("completed", False, None),
        ("failed", False, "Mage run 4 is failed."),
        ("cancelled", True, "Mage run 4 is cancelled."),
        ("running", True, "Mage run 4 has not ended in time."),
        ("completed", True, "Mage run 4 completed without a decision in time."),
    ],
)
def test_a_run_without_a_decision_fails_when_mage_says_so_or_its_time_is_up(
    status: str, late: bool, words: str | None
) -> None:
    """GIVEN Mage's word and the clock WHEN judged THEN failed with the reason, or still open."""
    ended = failure(4, status, late)
    assert ended == (None if words is None else TrainingOutcome("failed", None, None, (words,)))


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        (
            {"promoted": True, "version": 2, "champion_before": 1, "reasons": ["f1 up"]},
            TrainingOutcome("promoted", "2", "1", ("f1 up",)),
        ),
        (
            {"promoted": False, "decision": "unchanged", "champion_before": "1"},
            TrainingOutcome("unchanged", None, "1", ()),
        ),
        ({"promoted": False}, TrainingOutcome("refused", None, None, ())),
        (
            {"promoted": 0, "version": "2", "reasons": None},
            TrainingOutcome("refused", "2", None, ()),
        ),
    ],
)
def test_the_gates_words_are_read(document: dict[str, Any], outcome: TrainingOutcome) -> None:
    """GIVEN an outcome as training writes it WHEN read THEN decision, versions and reasons."""
    assert read_outcome("key", json.dumps(document).encode()) == outcome


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"version": 2}',
        b'{"promoted": false, "decision": "x"}',
        b'"promoted"',
        b"\xff",
    ],
)
def test_what_is_no_outcome_is_a_failed_delivery(body: bytes) -> None:
    """GIVEN a half-written or foreign file WHEN read THEN DeliveryError names the key."""
    with pytest.raises(DeliveryError, match="outcomes/x.json is not an outcome"):
        read_outcome("outcomes/x.json", body)
