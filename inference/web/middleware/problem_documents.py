"""Errors as problem documents (RFC 9457): one shape, one stable ``code`` each, no traceback."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from inference.model.champion import ModelUnavailable
from inference.model.scorer import PredictionError
from inference.web.errors import COME_BACK, WebError

PROBLEM_TYPE = "application/problem+json"


class ProblemDocument(msgspec.Struct, omit_defaults=True):
    """What went wrong with a request as a whole; ``ids`` tells what was still accepted."""

    title: str
    status: int
    code: str
    detail: str
    ids: list[str] = []


def problem(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    ids: Sequence[str] = (),
) -> Response:
    """Return the response for one problem."""
    phrase = HTTPStatus(status).phrase
    body = msgspec.json.encode(ProblemDocument(phrase, status, code, detail, list(ids)))
    return Response(body, status=status, headers=headers, content_type=PROBLEM_TYPE)


def _web_error(error: WebError) -> Response:
    return problem(error.status, error.code, str(error), error.headers, error.ids)


def _http_error(error: HTTPException) -> Response:
    code = error.name.lower().replace(" ", "_")
    own = ("content-type", "content-length")
    headers = {name: value for name, value in error.get_headers() if name.lower() not in own}
    return problem(error.code or 500, code, error.description or error.name, headers)


def _model_error(error: ModelUnavailable | PredictionError) -> Response:
    logging.getLogger("web").error("%s: %s", error.code, error)
    return problem(503, error.code, "No verified model can answer at the moment.", COME_BACK)


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
