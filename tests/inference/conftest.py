"""Fixtures: a published bundle, its champion, a handler on an in-memory output stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contract.features import DEFAULT_MODEL_NAME
from inference.handler import Application
from inference.model.champion import Champion
from inference.model.predictor import Predictor
from inference.model.store import LocalStore
from inference.observability import Observer
from inference.stream.publisher import Publisher
from tests.inference.support import factory
from tests.inference.support.kinesis import MemoryStream


@pytest.fixture(name="models")
def models_fixture(tmp_path: Path) -> Path:
    """A directory with version 1 of the model published."""
    factory.publish(tmp_path / "models" / DEFAULT_MODEL_NAME, "1")
    return tmp_path / "models" / DEFAULT_MODEL_NAME


@pytest.fixture(name="champion")
def champion_fixture(models: Path) -> Champion:
    """A champion that looks at the pointer for every batch and waits for what it finds."""
    return Champion(LocalStore(models, DEFAULT_MODEL_NAME), DEFAULT_MODEL_NAME, 0, 60)


@pytest.fixture(name="predictor")
def predictor_fixture(champion: Champion) -> Predictor:
    """The verified model."""
    return champion.current()


@pytest.fixture(name="serve")
def serve_fixture(champion: Champion) -> Callable[[MemoryStream], Application]:
    """Make a handler that publishes to a given stream and never really sleeps."""

    def serve(stream: MemoryStream) -> Application:
        publisher = Publisher(stream, "predictions", 8.0, sleep=lambda _: None)
        return Application(champion, publisher, Observer())

    return serve
