"""Errors as problem documents (RFC 9457): one shape, one stable ``code`` each, no traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from inference.model.champion import ModelUnavailable
from inference.model.scorer import PredictionError
from inference.web.errors import TooManyRequests, Unauthorized, WebError

PROBLEM_TYPE = "application/problem+json"


class ProblemDocument(msgspec.Struct, omit_defaults=True):
    """What went wrong with a request as a whole; ``request_ids`` tells what was still accepted."""

    title: str
    status: int
    code: str
    detail: str
    request_ids: list[str] = []


def problem(status: int, code: str, detail: str, request_ids: list[str] | None = None) -> Response:
    """Return the response for one problem."""
    document = ProblemDocument(HTTPStatus(status).phrase, status, code, detail, request_ids or [])
    return Response(msgspec.json.encode(document), status=status, content_type=PROBLEM_TYPE)


def _web_error(error: WebError) -> Response:
    response = problem(error.status, error.code, str(error), error.request_ids)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Basic realm="Student Performance", charset="UTF-8"'
    elif error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code = error.name.lower().replace(" ", "_")
    response = problem(status, code, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _model_error(error: ModelUnavailable | PredictionError) -> Response:
    logging.getLogger("web").error("%s: %s", error.code, error)
    response = problem(503, error.code, "No verified model can answer at the moment.")
    response.headers["Retry-After"] = "5"
    return response


def _unexpected(error: Exception) -> Response:
    # The type alone: a message could hold what a person typed.
    logging.getLogger("web").error("unexpected: %s", type(error).__name__)
    return problem(500, "internal", "The service failed on this request.")


def handle_errors(app: Flask) -> None:
    """Make every error of ``app`` a problem document."""
    app.register_error_handler(WebError, _web_error)
    app.register_error_handler(ModelUnavailable, _model_error)
    app.register_error_handler(PredictionError, _model_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
