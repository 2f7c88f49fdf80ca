"""The Flask application, put together from its parts."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

import msgspec
from flask import Flask, Request, Response, request

from inference.aws import ATTEMPT_SECONDS, client
from inference.model.champion import Champion
from inference.model.store import open_store
from inference.observability import Observer
from inference.settings import from_environment
from inference.stream.publisher import Publisher
from inference.web.class_list.routes import table_routes
from inference.web.gateway.consumer import Consumer
from inference.web.gateway.stream_routes import Gateway, gateway_routes
from inference.web.gateway.waiting_answers import Mailbox
from inference.web.middleware.credentials import check_key
from inference.web.middleware.headers import secured
from inference.web.middleware.journal import keep_journal
from inference.web.middleware.limiter import RateLimiter
from inference.web.middleware.problem_documents import handle_errors
from inference.web.openapi import describe_api
from inference.web.page.assets import Assets
from inference.web.page.form import page_routes
from inference.web.page.status import status_routes
from inference.web.page.view import plain, whole_range
from inference.web.predict import predict_routes
from inference.web.service import Service
from inference.web.web_settings import Settings

OPEN = frozenset({"status.health", "status.ready", "assets.asset"})
"""What a load balancer and a password box need before any key is known."""


class MemoryRequest(Request):
    """A request whose uploads stay in memory: nothing a person hands in touches a disk."""

    max_form_parts = 32

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


class WebApplication(Flask):
    """Flask with the request class above and no folder served behind our back."""

    request_class = MemoryRequest

    def __init__(self) -> None:
        super().__init__("inference.web", static_folder=None)


def create_app(service: Service, settings: Settings, gateway: Gateway | None = None) -> Flask:
    """Return the WSGI application; without ``gateway`` it has no stream addresses."""
    app = WebApplication()
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts) or None
    limiter = RateLimiter(settings.rate_limit)
    assets = Assets()
    app.jinja_env.globals["asset"] = assets.url
    app.jinja_env.filters |= {"plain": plain, "whole_range": whole_range}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = secured(app.wsgi_app)  # type: ignore[method-assign,assignment]
    keep_journal(app)

    @app.before_request
    def guard() -> None:
        if request.endpoint not in OPEN:
            limiter.spend(request.remote_addr or "")
            check_key(request, settings.api_key)

    handle_errors(app)
    app.register_blueprint(assets.blueprint())
    app.register_blueprint(page_routes(service))
    app.register_blueprint(predict_routes(service, settings))
    app.register_blueprint(table_routes(service, settings))
    app.register_blueprint(status_routes(service, settings))
    if gateway is not None:
        app.register_blueprint(gateway_routes(gateway, settings))
    description = msgspec.json.encode(describe_api(settings, streams=gateway is not None))

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(description, content_type="application/json")

    return app


def open_gateway(settings: Settings) -> Gateway | None:
    """Return the gateway to the streams, or None where they are not both named."""
    if not (settings.students_stream and settings.predictions_stream):
        return None
    from inference.stream.reader import StreamReader  # pylint: disable=import-outside-toplevel

    kinesis = client("kinesis")
    mailbox = Mailbox()

    def rounds(since: datetime) -> Any:
        return StreamReader(kinesis, settings.predictions_stream, timestamp=since).rounds()

    publisher = Publisher(kinesis, settings.students_stream, ATTEMPT_SECONDS)
    return Gateway(publisher, Consumer(rounds, mailbox), mailbox)


def app_from_environment(environment: Mapping[str, str], settings: Settings) -> Flask:
    """Return the application for ``settings`` with the model store ``environment`` names."""
    configuration = from_environment(environment)
    champion = Champion(
        open_store(configuration), configuration.model_name, configuration.refresh_seconds
    )
    return create_app(Service(champion, Observer()), settings, open_gateway(settings))
