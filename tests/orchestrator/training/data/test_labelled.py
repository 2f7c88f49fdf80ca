"""Newly labelled predictions: what a dead database says."""

from __future__ import annotations

import pytest

from orchestrator.training.data.labelled import read_labelled
from orchestrator.training.errors import ServiceError


def test_a_dead_database_is_named_without_its_password() -> None:
    """The message names the service, never the address with its password."""
    with pytest.raises(ServiceError, match="Postgres at DATABASE_URL") as caught:
        read_labelled("postgresql://reader:secret@127.0.0.1:9/none")
    assert "secret" not in str(caught.value)
