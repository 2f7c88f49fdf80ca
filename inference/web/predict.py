"""POST /predict: one event or a list, answered at once."""

import msgspec
from flask import Blueprint, Response, request

from inference.stream.item import Answer
from inference.web.errors import UnsupportedMedia
from inference.web.service import Service, is_list, split
from inference.web.web_settings import WebSettings

JSON = "application/json"


def json_body() -> bytes:
    """Return the request's body; raises UnsupportedMedia unless it says it is JSON.

    Insisting on the type is also what keeps a foreign page's form from posting here: a cross-site
    request of this type needs a permission (CORS) that this service never gives.
    """
    if request.mimetype != JSON:
        raise UnsupportedMedia(JSON)
    return request.get_data(cache=False)


def json_reply(document: object, status: int = 200) -> Response:
    """Return the response that says ``document``."""
    return Response(msgspec.json.encode(document), status=status, content_type=JSON)


def single(answer: Answer) -> Response:
    """Return one answer with its status: 200 for a prediction, 422 for a rejection."""
    status = 200 if answer.status == "ok" else 422
    return Response(answer.data, status=status, content_type=JSON)


def predict_routes(service: Service, settings: WebSettings) -> Blueprint:
    """Return the blueprint of POST /predict."""
    blueprint = Blueprint("predict", __name__)

    @blueprint.post("/predict")
    def predict() -> Response:
        body = json_body()
        if not is_list(body):
            return single(service.answer([body])[0])
        events = split(body, settings.max_batch)
        if events is None:
            return single(service.refuse())
        answers = service.answer(events)
        return Response(
            b"[" + b",".join(answer.data for answer in answers) + b"]", content_type=JSON
        )

    return blueprint
