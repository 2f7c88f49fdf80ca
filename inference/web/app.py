"""The Flask application, put together from its parts."""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

import msgspec
from flask import Flask, Request, Response

from inference.aws import ATTEMPT_SECONDS, client
from inference.model.champion import Champion
from inference.model.store import open_store
from inference.observability import Observer
from inference.settings import read_settings
from inference.stream.publisher import Publisher
from inference.stream.reader import StreamReader
from inference.web.class_list.routes import class_list_routes
from inference.web.gateway.consumer import Consumer
from inference.web.gateway.stream_routes import Gateway, gateway_routes
from inference.web.gateway.waiting_answers import WaitingAnswers
from inference.web.middleware.guard import guard
from inference.web.middleware.headers import secured
from inference.web.middleware.journal import keep_journal
from inference.web.middleware.problem_documents import handle_errors
from inference.web.openapi import describe_api
from inference.web.page.assets import Assets
from inference.web.page.form import page_routes
from inference.web.page.sign_in import sign_in_routes
from inference.web.page.status import status_routes
from inference.web.page.view import plain, whole_range
from inference.web.predict import predict_routes
from inference.web.service import Service
from inference.web.web_settings import WebSettings


class MemoryRequest(Request):
    """A request whose uploads stay in memory: nothing a person hands in touches a disk."""

    max_form_parts = 32

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


def create_app(service: Service, settings: WebSettings, gateway: Gateway | None = None) -> Flask:
    """Return the WSGI application; without ``gateway`` it has no stream addresses."""
    app = Flask("inference.web", static_folder=None)  # no folder is served behind our back
    app.request_class = MemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts) or None
    assets = Assets()
    app.jinja_env.globals["asset"] = assets.url
    app.jinja_env.filters |= {"plain": plain, "whole_range": whole_range}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = secured(app.wsgi_app)  # type: ignore[method-assign,assignment]
    keep_journal(app)
    guard(app, settings)
    handle_errors(app)
    app.register_blueprint(assets.blueprint())
    if settings.api_key:
        app.register_blueprint(sign_in_routes(settings))
    app.register_blueprint(page_routes(service))
    app.register_blueprint(predict_routes(service, settings))
    app.register_blueprint(class_list_routes(service, settings))
    app.register_blueprint(status_routes(service, settings))
    if gateway is not None:
        app.register_blueprint(gateway_routes(gateway, settings))
    description = msgspec.json.encode(describe_api(settings, streams=gateway is not None))

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(description, content_type="application/json")

    return app


def open_gateway(settings: WebSettings) -> Gateway | None:
    """Return the gateway to the streams, or None where nobody asked for it."""
    if not settings.streams:
        return None
    kinesis = client("kinesis")
    waiting = WaitingAnswers()

    def rounds(since: datetime) -> Any:
        return StreamReader(kinesis, settings.predictions_stream, since).rounds()

    publisher = Publisher(kinesis, settings.students_stream, ATTEMPT_SECONDS)
    return Gateway(publisher, Consumer(rounds, waiting), waiting)


def open_service(environment: Mapping[str, str]) -> Service:
    """Return the service on the model store ``environment`` names."""
    model = read_settings(environment)
    champion = Champion(open_store(model), model.model_name, model.refresh_seconds)
    return Service(champion, Observer())


def app_from_environment(environment: Mapping[str, str], settings: WebSettings) -> Flask:
    """Return the application for ``settings`` with the model store ``environment`` names.

    Without stream addresses: a process that is frozen between requests reads no stream.
    """
    return create_app(open_service(environment), settings)
