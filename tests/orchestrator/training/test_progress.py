"""What a run tells, and how dataclasses cross a block boundary."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.training.progress import Progress, tell


def test_what_is_told(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Every line is marked; progress is printed only for a reader that asked."""
    tell("a\nb")
    Progress(2).step()
    monkeypatch.setenv("TRAINING_PROGRESS", "1")
    progress = Progress(2)
    progress.step()
    assert capsys.readouterr().out.splitlines() == ["\u00bb a", "\u00bb b", "\u00bb\u00bb 1/2"]
