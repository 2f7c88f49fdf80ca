"""Fixtures: the application on a real verified model, with its streams in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from inference.model.champion import Champion
from inference.stream.publisher import Publisher
from inference.web.app import create_app
from inference.web.gateway.consumer import Consumer
from inference.web.gateway.stream_routes import Gateway
from inference.web.gateway.waiting_answers import WaitingAnswers
from inference.web.service import Service
from inference.web.web_settings import WebSettings
from tests.inference.support.kinesis import MemoryStream


@pytest.fixture(name="service")
def service_fixture(champion: Champion) -> Service:
    """The service on the published model."""
    return Service(champion)


@pytest.fixture(name="make_app")
def make_app_fixture(service: Service) -> Callable[..., Flask]:
    """Make an application with given settings."""

    def make(gateway: Gateway | None = None, **settings: Any) -> Flask:
        return create_app(service, WebSettings(**settings), gateway)

    return make


@pytest.fixture(name="http")
def http_fixture(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of the application with the default settings."""
    return make_app().test_client()


@pytest.fixture(name="students")
def students_fixture() -> MemoryStream:
    """The input stream."""
    return MemoryStream()


@pytest.fixture(name="waiting")
def waiting_fixture() -> WaitingAnswers:
    """The answers a consumer has read."""
    return WaitingAnswers()


@pytest.fixture(name="gateway")
def gateway_fixture(students: MemoryStream, waiting: WaitingAnswers) -> Iterator[Gateway]:
    """A gateway from a stream in memory to a consumer that never reads anything."""
    publisher = Publisher(students, "students", 0.5, sleep=lambda _: None)
    consumer = Consumer(lambda _: iter([[]]), waiting)
    yield Gateway(publisher, consumer, waiting)
    consumer.stop()


@pytest.fixture(name="streaming")
def streaming_fixture(make_app: Callable[..., Flask], gateway: Gateway) -> FlaskClient:
    """A client of the application with streams."""
    return make_app(gateway).test_client()
