"""The API description (OpenAPI 3.1), generated from the types that read and write the bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from contract.bundle import FeatureSpec
from contract.events import PREDICTION_SCHEMA, REJECTION_CODES
from contract.features import FEATURES, IDENTIFIER
from contract.grades import GRADES
from inference.stream.answers import Ok, Probabilities, Rejected, UsedFeatures
from inference.stream.events import Event
from inference.web.gateway.stream_routes import Accepted, Pending, Refused
from inference.web.middleware.problem_documents import PROBLEM_TYPE, ProblemDocument
from inference.web.page.form import EXAMPLE
from inference.web.web_settings import Settings

JSON = "application/json"
_REF = "#/components/schemas/"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF + name}


def _schemas() -> dict[str, Any]:
    types = [Event, Ok, Rejected, Probabilities, UsedFeatures, FeatureSpec]
    types += [Accepted, Refused, Pending, ProblemDocument]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF + "{name}")
    schemas.pop("Struct", None)
    for feature in FEATURES:
        schemas["Student"]["properties"][feature.name]["description"] = feature.unit
    schemas["Student"]["description"] = "The nine features. Further keys are accepted and ignored."
    for name in ("Ok", "Rejected", "Accepted", "Refused", "Pending"):
        # Fields with a fixed value are always written.
        schemas[name]["required"] = list(schemas[name]["properties"])
    schemas["Ok"]["required"].remove("guidance")
    for name in ("Ok", "Rejected"):
        schemas[name]["properties"]["schema"] = {"const": PREDICTION_SCHEMA}
    schemas["Ok"]["properties"]["features"] = _ref("UsedFeatures")
    said = schemas["Prediction"]["properties"]
    said["probabilities"] = _ref("Probabilities")
    said["grade"] = {"enum": list(GRADES)}
    said["GradeClass"] = {"type": "integer", "minimum": 0, "maximum": len(GRADES) - 1}
    schemas["Problem"]["properties"]["code"] = {"enum": list(REJECTION_CODES)}
    for schema in schemas.values():
        schema["description"] = schema.get("description", schema["title"]).replace("``", "`")
    return dict(schemas)


def _content(schema: dict[str, Any], media: str = JSON) -> dict[str, Any]:
    return {media: {"schema": schema}}


def _answer(text: str, schema: dict[str, Any], media: str = JSON) -> dict[str, Any]:
    return {"description": text, "content": _content(schema, media)}


def _rejected(name: str) -> dict[str, Any]:
    """A rejection of the event, or a problem with the request as a whole."""
    answer = _answer("Rejected, or more events than are answered at once.", _ref(name))
    answer["content"] |= _content(_ref("ProblemDocument"), PROBLEM_TYPE)
    return answer


def _problem(text: str) -> dict[str, Any]:
    return _answer(text, _ref("ProblemDocument"), PROBLEM_TYPE)


_PROBLEMS = {
    "400": "The request itself is broken, or names another host.",
    "401": "The API key is missing or wrong.",
    "413": "The body is too large.",
    "415": "The body's content type is not read here.",
    "429": "Too many requests; see Retry-After.",
    "503": "No verified model, or no stream, can answer at the moment; see Retry-After.",
}


def _responses(own: dict[str, Any], *problems: str) -> dict[str, Any]:
    return own | {
        status: _problem(_PROBLEMS[status]) for status in ("400", "401", "429", *problems)
    }


def _events_body(settings: Settings) -> dict[str, Any]:
    anything = {"description": "An Event; whatever else it is, it gets a rejection of its own."}
    many = {"type": "array", "maxItems": settings.max_batch, "items": anything}
    content = _content({"anyOf": [_ref("Event"), many]})
    content[JSON]["example"] = msgspec.json.decode(EXAMPLE)
    return {"required": True, "content": content}


def _list(*names: str) -> dict[str, Any]:
    return {"type": "array", "items": {"anyOf": [_ref(name) for name in names]}}


def _predict(settings: Settings) -> dict[str, Any]:
    one_or_many = {"anyOf": [_ref("Ok"), _list("Ok", "Rejected")]}
    return {
        "operationId": "predict",
        "summary": "Answer one event, or a list of events in its order",
        "description": "A list is always answered with 200, each element by itself.",
        "requestBody": _events_body(settings),
        "responses": _responses(
            {
                "200": _answer("The prediction, or the list's answers.", one_or_many),
                "422": _rejected("Rejected"),
            },
            *("413", "415", "503"),
        ),
    }


def _predict_csv() -> dict[str, Any]:
    row = {
        "type": "object",
        "required": ["row", "answer"],
        "properties": {
            "row": {"type": "integer", "minimum": 1},
            "answer": {"anyOf": [_ref("Ok"), _ref("Rejected")]},
        },
    }
    answers = {
        "type": "object",
        "required": ["answers", "next_row"],
        "properties": {
            "answers": {"type": "array", "items": row},
            "next_row": {"type": "integer", "minimum": 1},
        },
    }
    names = ",".join((IDENTIFIER, *(feature.name for feature in FEATURES)))
    table = {"type": "string", "pattern": f"^{names}\n"}
    form = {"type": "object", "required": ["file"], "properties": {"file": table}}
    return {
        "operationId": "predictCsv",
        "summary": "Answer a class list",
        "description": f"The first line names the columns. {IDENTIFIER} is optional; further"
        " columns, any order or case, semicolons and tabs are read as well.",
        "parameters": [
            {
                "name": "first_row",
                "in": "query",
                "description": "The spreadsheet row of the first student, for lists sent in parts.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 2},
            }
        ],
        "requestBody": {
            "required": True,
            "content": _content(table, "text/csv") | _content(form, "multipart/form-data"),
        },
        "responses": _responses(
            {
                "200": {
                    "description": "One line per student, as CSV or, if preferred, as JSON.",
                    "content": _content({"type": "string"}, "text/csv") | _content(answers),
                },
                "422": _problem("The first line or a parameter cannot be read, or it is too long."),
            },
            *("413", "415", "503"),
        ),
    }


def _get(name: str, summary: str, schema: dict[str, Any], *problems: str) -> dict[str, Any]:
    own = {"200": _answer(summary, schema)}
    return {
        "get": {"operationId": name, "summary": summary, "responses": _responses(own, *problems)}
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _stream_paths(settings: Settings) -> dict[str, Any]:
    identity = {"name": "request_id", "in": "path", "required": True}
    identity |= {"schema": {"type": "string", "minLength": 1, "maxLength": 128}}
    sent = {"anyOf": [_ref("Accepted"), _list("Accepted", "Refused")]}
    accepted = _answer("On the stream; fetch the answer with the request id.", sent)
    return {
        "/events": {
            "post": {
                "operationId": "events",
                "summary": "Put one event, or a list of events, on the input stream",
                "requestBody": _events_body(settings),
                "responses": _responses(
                    {
                        "202": accepted,
                        "422": _rejected("Refused"),
                    },
                    *("413", "415", "503"),
                ),
            }
        },
        "/predictions/{request_id}": {
            "get": {
                "operationId": "prediction",
                "summary": "Fetch an answer from the output stream",
                "parameters": [identity],
                "responses": _responses(
                    {
                        "200": _answer("The answer.", {"anyOf": [_ref("Ok"), _ref("Rejected")]}),
                        "202": _answer("Not seen yet; see Retry-After.", _ref("Pending")),
                        "422": _problem("The request id is too long."),
                    },
                    "503",
                ),
            }
        },
    }


def describe_api(settings: Settings, streams: bool) -> dict[str, Any]:
    """Return the description of what this process serves, with or without the stream addresses."""
    text = {"type": "string"}
    numbers = {"type": "object", "additionalProperties": {"type": "number"}}
    model = _object(
        name=text,
        version=text,
        run_id=text,
        created_at=text,
        sha256={"type": "object", "additionalProperties": text},
        features={"type": "array", "items": _ref("FeatureSpec")},
        classes={"type": "array", "items": text},
        metrics=numbers,
        training_ranges={"type": "object"},
        library_versions={"type": "object", "additionalProperties": text},
        gate={"type": "object"},
        card=text,
        registry={"anyOf": [text, {"type": "null"}]},
    )
    paths: dict[str, Any] = {
        "/predict": {"post": _predict(settings)},
        "/predict/csv": {"post": _predict_csv()},
        "/model": _get(
            "model", "The served model: version, run, metrics, gate, card", model, "503"
        ),
        "/health": _get("health", "The process is up", _object(status={"const": "ok"})),
        "/ready": _get(
            "ready",
            "A verified model can answer",
            _object(status={"const": "ready"}, version=text),
            "503",
        ),
        "/openapi.json": _get("openapi", "This description", {"type": "object"}),
    }
    if streams:
        paths |= _stream_paths(settings)
    description: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Student Performance",
            "version": "1",
            "description": "Grade predictions with the same contract and answers as the stream.",
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
    }
    if settings.api_key:
        description["components"]["securitySchemes"] = {
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "bearer": {"type": "http", "scheme": "bearer"},
            "basic": {"type": "http", "scheme": "basic"},
        }
        description["security"] = [{"key": []}, {"bearer": []}, {"basic": []}]
        for path in ("/health", "/ready"):
            paths[path]["get"]["security"] = []
    return description
