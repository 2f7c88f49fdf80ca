"""Pytest plugin: monitoring's parts over the services: the one that evaluates, the one that acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg2.extensions import connection as Connection

from monitoring import settings
from monitoring.settings import Settings
from monitoring.watch import Watch
from monitoring.windows.reference import ReferenceStore
from monitoring.windows.reports import Reports
from monitoring.worker import build_watch
from tests.monitoring.support.cloud import Cloud
from tests.monitoring.support.mage import FakeMage, serve
from tests.monitoring.support.story import Story
from tests.monitoring.support.watching import Reporting, Watching


@pytest.fixture(name="watching")
def watching_fixture(
    cloud: Cloud, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Watching:
    """Build the evaluating part with some window settings changed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, environment[name])
    cloud.put_reference("1")
    cloud.put_reference("2", seed=9)
    configured = settings.load(environment)

    def build(**changes: Any) -> Watch:
        return build_watch(replace(configured, windows=replace(configured.windows, **changes)))

    return build


@pytest.fixture(name="reporting")
def reporting_fixture(cloud: Cloud) -> Reporting:
    """Build the part that runs Evidently, by its policy of keeping pages."""
    s3 = cloud.client("s3")
    references = ReferenceStore(s3, cloud.bucket)
    return lambda policy="all": Reports(references, s3, cloud.bucket, policy)


@pytest.fixture(name="mage")
def mage_fixture() -> Iterator[FakeMage]:
    """Mage's API, standing in."""
    with serve() as mage:
        yield mage


@pytest.fixture(name="configured")
def configured_fixture(
    environment: dict[str, str], mage: FakeMage, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings with short pauses."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, environment[name])
    return settings.load(
        {
            **environment,
            "MAGE_URL": mage.url,
            "DELIVERY_BACKOFF_SECONDS": "0.01",
            "DELIVERY_ATTEMPTS": "3",
            "RETRAIN_MINIMUM_LABELS": "50",
            "RETRAIN_COOLDOWN_SECONDS": "3600",
            "WORKER_TICK_SECONDS": "0.01",
            "DASHBOARD_URL": "https://grafana.example/d/model",
        }
    )


@pytest.fixture(name="story")
def story_fixture(connection: Connection, configured: Settings) -> Story:
    """A story to tell."""
    return Story(connection, configured)
