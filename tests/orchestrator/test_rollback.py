"""Rollback: what it says, and its exit codes."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator import rollback
from orchestrator.training.errors import PublicationError
from orchestrator.training.services import Services


def test_it_says_what_became_of_it(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Moved, the champion already, or refused by name."""
    assert services.settings.model_name
    moves = iter([True, False])
    monkeypatch.setattr(rollback, "move_champion", lambda *_: next(moves))
    assert rollback.main(["--version", "3"]) == 0 == rollback.main(["--version", "3"])
    shown = capsys.readouterr().out
    assert "Version 3 is the champion now" in shown and "was the champion already" in shown

    def refuse(*_: Any) -> bool:
        raise PublicationError("version 9 has no complete bundle")

    monkeypatch.setattr(rollback, "move_champion", refuse)
    assert rollback.main(["--version", "9"]) == 1
    assert "training.publication: version 9" in capsys.readouterr().err
