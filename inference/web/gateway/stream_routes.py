"""POST /events and GET /predictions/ID: the stream, for those who speak HTTP."""

import re
import secrets
import time
from typing import Literal

import msgspec
from flask import Blueprint, Response

from inference.stream.decoding import decode
from inference.stream.events import Event
from inference.stream.item import Answer
from inference.stream.problems import NOT_JSON, Problem, Rejection
from inference.stream.publisher import Publisher
from inference.web.errors import BadParameter, StreamUnavailable
from inference.web.gateway.consumer import PREFIX, Consumer
from inference.web.gateway.waiting_answers import WaitingAnswers
from inference.web.predict import JSON, json_body, json_reply
from inference.web.service import is_list, split
from inference.web.web_settings import WebSettings

PUBLISH_SECONDS = 15.0
"""The longest a request waits for the input stream, retries included."""

ID = re.compile(PREFIX + "[0-9a-f]{32}")


def new_id() -> str:
    """Return an id for an event, on the stream in place of the caller's: 128 bits of chance."""
    return f"{PREFIX}{secrets.token_hex(16)}"


class Accepted(msgspec.Struct, frozen=True):
    """The event is on the input stream; its answer can be fetched by ``id``, which nobody guesses.

    ``request_id`` is the caller's own, where one was sent.
    """

    id: str
    request_id: str | None = None
    status: Literal["accepted"] = "accepted"


class Refused(msgspec.Struct, frozen=True):
    """The event can have no prediction and was not put on the stream."""

    request_id: str | None
    student_id: int | str | None
    errors: tuple[Problem, ...]
    status: Literal["rejected"] = "rejected"


class Pending(msgspec.Struct, frozen=True):
    """No answer with this id has been seen (yet)."""

    id: str
    status: Literal["pending"] = "pending"


class _Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    student_id: int | str
    student: msgspec.Struct
    request_id: str
    explain: bool = False
    year_elapsed: float | None = None


def _refused(rejection: Rejection) -> Refused:
    return Refused(rejection.request_id, rejection.student_id, rejection.problems)


def _record(event: Event, request_id: str) -> Answer:
    # Written anew from what the contract knows, so that no other value (a name, an age) that came
    # along in the request reaches the stream.
    sent = _Sent(
        event.student_id, event.student, request_id, bool(event.explain), event.year_elapsed
    )
    return Answer(str(event.student_id), msgspec.json.encode(sent), "ok")


class Gateway:
    """Puts events on the input stream and hands out their answers."""

    def __init__(self, publisher: Publisher, consumer: Consumer, waiting: WaitingAnswers) -> None:
        self._publisher = publisher
        self._consumer = consumer
        self._waiting = waiting

    def send(self, decoded: list[Event | Rejection]) -> list[Accepted | Refused]:
        """Put the valid events on the stream; raises StreamUnavailable if not all got there."""
        self._consumer.start()
        outcome: list[Accepted | Refused] = []
        records: list[Answer] = []
        for event in decoded:
            if isinstance(event, Rejection):
                outcome.append(_refused(event))
                continue
            name = new_id()
            outcome.append(Accepted(name, event.request_id))
            records.append(_record(event, name))
        deadline = time.monotonic() + PUBLISH_SECONDS
        sent = self._publisher.publish(records, lambda: deadline - time.monotonic()).published
        if sent < len(records):
            raise StreamUnavailable(
                f"The input stream took {sent} of {len(records)} events; send the others again.",
                [one.id for one in outcome if isinstance(one, Accepted)][:sent],
            )
        return outcome

    def fetch(self, name: str) -> bytes | None:
        """Return an answer, None while there is none; raises StreamUnavailable."""
        self._consumer.start()
        answer = self._waiting.get(name)
        if answer is None and self._consumer.failing:
            raise StreamUnavailable("The output stream cannot be read at the moment.")
        return answer


def gateway_routes(gateway: Gateway, settings: WebSettings) -> Blueprint:
    """Return the blueprint of the two addresses."""
    blueprint = Blueprint("gateway", __name__)

    @blueprint.post("/events")
    def events() -> Response:
        body = json_body()
        if is_list(body):
            bodies = split(body, settings.max_batch)
            if bodies is None:
                return json_reply(_refused(Rejection((NOT_JSON,))), 422)
            return json_reply(gateway.send([decode(event) for event in bodies]), 202)
        outcome = gateway.send([decode(body)])[0]
        return json_reply(outcome, 202 if isinstance(outcome, Accepted) else 422)

    @blueprint.get("/predictions/<name>")
    def prediction(name: str) -> Response:
        if not ID.fullmatch(name):
            raise BadParameter("This is no id that POST /events gives.")
        answer = gateway.fetch(name)
        if answer is not None:
            return Response(answer, content_type=JSON)
        response = json_reply(Pending(name), 202)
        response.headers["Retry-After"] = "1"
        return response

    return blueprint
