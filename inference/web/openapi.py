"""The API description (OpenAPI 3.1), generated from the types that read and write the bytes."""

from typing import Any

import msgspec

from contract.bundle import Manifest
from contract.events import PREDICTION_SCHEMA, REJECTION_CODES
from contract.features import FEATURES, IDENTIFIER
from contract.grades import GRADES
from inference.stream.answers import Ok, Probabilities, Rejected, UsedFeatures
from inference.stream.events import Event
from inference.web.gateway.stream_routes import ID, Accepted, Pending, Refused
from inference.web.middleware.problem_documents import PROBLEM_TYPE, ProblemDocument
from inference.web.page.form import EXAMPLE
from inference.web.predict import JSON
from inference.web.web_settings import WebSettings

_REF = "#/components/schemas/"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF + name}


def _schemas() -> dict[str, Any]:
    types = [Event, Ok, Rejected, Probabilities, UsedFeatures, Manifest]
    types += [Accepted, Refused, Pending, ProblemDocument]
    _, schemas = msgspec.json.schema_components(
        types, schema_hook=lambda _: {"description": "Any value."}, ref_template=_REF + "{name}"
    )
    schemas.pop("Struct", None)
    for feature in FEATURES:
        schemas["Student"]["properties"][feature.name]["description"] = feature.unit
    schemas["Student"]["description"] = "The nine features. Further keys are accepted and ignored."
    for name in ("Ok", "Rejected", "Accepted", "Refused", "Pending"):
        # Fields with a fixed value are always written.
        schemas[name]["required"] = list(schemas[name]["properties"])
    for name in ("guidance", "year_elapsed"):  # only where the event asked for it, or said it
        schemas["Ok"]["required"].remove(name)
    for name in ("Ok", "Rejected"):
        schemas[name]["properties"]["schema"] = {"const": PREDICTION_SCHEMA}
    schemas["Ok"]["properties"]["features"] = _ref("UsedFeatures")
    said = schemas["Prediction"]["properties"]
    said["probabilities"] = _ref("Probabilities")
    said["grade"] = {"enum": list(GRADES)}
    said["GradeClass"] = {"type": "integer", "minimum": 0, "maximum": len(GRADES) - 1}
    schemas["Problem"]["properties"]["code"] = {"enum": list(REJECTION_CODES)}
    # GET /model: all of the manifest but its golden rows, and where to read more.
    model = schemas["Manifest"]["properties"]
    del model["golden"], schemas["GoldenRows"]
    model |= {"card": _TEXT, "registry": {"anyOf": [_TEXT, {"type": "null"}]}}
    schemas["Manifest"]["required"] = list(model)
    for schema in schemas.values():
        schema["description"] = schema.get("description", schema["title"]).replace("``", "`")
    return dict(schemas)


def _content(schema: dict[str, Any], media: str = JSON) -> dict[str, Any]:
    return {media: {"schema": schema}}


def _answer(text: str, schema: dict[str, Any], media: str = JSON) -> dict[str, Any]:
    return {"description": text, "content": _content(schema, media)}


def _problem(text: str) -> dict[str, Any]:
    return _answer(text, _ref("ProblemDocument"), PROBLEM_TYPE)


def _rejected(name: str) -> dict[str, Any]:
    """A rejection of the event, or a problem with the request as a whole."""
    answer = _answer("Rejected, or more events than are answered at once.", _ref(name))
    answer["content"] |= _content(_ref("ProblemDocument"), PROBLEM_TYPE)
    return answer


def _any_of(*names: str) -> dict[str, Any]:
    return {"anyOf": [_ref(name) for name in names]}


def _array(items: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _whole(**limits: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, **limits}


_TEXT = {"type": "string"}
_PROBLEMS = {
    "400": "The request itself is broken, or names another host.",
    "401": "Neither the right API key nor a session.",
    "413": "The body is too large.",
    "415": "The body's content type is not read here.",
    "429": "Too many requests; see Retry-After.",
    "503": "No verified model, or no stream, can answer at the moment; see Retry-After.",
}
_OF_BODIES = ("413", "415", "503")
"""Problems an address can have that reads a body."""


def _operation(
    name: str, summary: str, responses: dict[str, Any], *problems: str, **more: Any
) -> dict[str, Any]:
    for status in ("400", "401", "429", *problems):
        responses[status] = _problem(_PROBLEMS[status])
    return {"operationId": name, "summary": summary, "responses": responses, **more}


def _get(name: str, summary: str, schema: dict[str, Any], *problems: str) -> dict[str, Any]:
    return {"get": _operation(name, summary, {"200": _answer(summary, schema)}, *problems)}


def _events_body(settings: WebSettings) -> dict[str, Any]:
    anything = {"description": "An Event; whatever else it is, it gets a rejection of its own."}
    content = _content({"anyOf": [_ref("Event"), _array(anything, maxItems=settings.max_batch)]})
    content[JSON]["example"] = msgspec.json.decode(EXAMPLE)
    return {"required": True, "content": content}


def _predict(settings: WebSettings) -> dict[str, Any]:
    one_or_many = {"anyOf": [_ref("Ok"), _array(_any_of("Ok", "Rejected"))]}
    return _operation(
        "predict",
        "Answer one event, or a list of events in its order",
        {
            "200": _answer("The prediction, or the list's answers.", one_or_many),
            "422": _rejected("Rejected"),
        },
        *_OF_BODIES,
        description="A list is always answered with 200, each element by itself.",
        requestBody=_events_body(settings),
    )


def _predict_csv() -> dict[str, Any]:
    names = ",".join((IDENTIFIER, *(feature.name for feature in FEATURES)))
    table = {"type": "string", "pattern": f"^{names}\n"}
    row = _object(row=_whole(), answer=_any_of("Ok", "Rejected"))
    answers = _object(answers=_array(row), next_row=_whole())
    first_row = {
        "name": "first_row",
        "in": "query",
        "description": "The spreadsheet row of the first student, for lists sent in parts.",
        "schema": _whole(maximum=999_999_999, default=2),
    }
    body = _content(table, "text/csv") | _content(_object(file=table), "multipart/form-data")
    return _operation(
        "predictCsv",
        "Answer a class list",
        {
            "200": {
                "description": "One line per student, as CSV or, if preferred, as JSON.",
                "content": _content(_TEXT, "text/csv") | _content(answers),
            },
            "422": _problem("The first line or a parameter cannot be read, or it is too long."),
        },
        *_OF_BODIES,
        description=f"The first line names the columns. {IDENTIFIER} is optional, and so is"
        " year_elapsed, the share of the school year that Absences covers (over 0 up to 1; without"
        " it, or in an empty cell, all of it); further"
        " columns, any order or case, semicolons and tabs are read as well.",
        parameters=[first_row],
        requestBody={"required": True, "content": body},
    )


def _events(settings: WebSettings) -> dict[str, Any]:
    sent = {"anyOf": [_ref("Accepted"), _array(_any_of("Accepted", "Refused"))]}
    return _operation(
        "events",
        "Put one event, or a list of events, on the input stream",
        {
            "202": _answer("On the stream; fetch each answer by its id.", sent),
            "422": _rejected("Refused"),
        },
        *_OF_BODIES,
        requestBody=_events_body(settings),
    )


def _prediction() -> dict[str, Any]:
    id_text = _TEXT | {"pattern": f"^{ID.pattern}$"}
    return _operation(
        "prediction",
        "Fetch an answer from the output stream",
        {
            "200": _answer("The answer.", _any_of("Ok", "Rejected")),
            "202": _answer("Not seen yet; see Retry-After.", _ref("Pending")),
            "422": _problem("No id that POST /events gives."),
        },
        "503",
        parameters=[{"name": "id", "in": "path", "required": True, "schema": id_text}],
    )


def describe_api(settings: WebSettings, streams: bool) -> dict[str, Any]:
    """Return the description of what this process serves, with or without the stream addresses."""
    ready = _object(status={"const": "ready"}, version=_TEXT)
    paths: dict[str, Any] = {
        "/predict": {"post": _predict(settings)},
        "/predict/csv": {"post": _predict_csv()},
        "/model": _get(
            "model", "The served model: version, run, metrics, gate, card", _ref("Manifest"), "503"
        ),
        "/health": _get("health", "The process is up", _object(status={"const": "ok"})),
        "/ready": _get("ready", "A verified model can answer", ready, "503"),
        "/openapi.json": _get("openapi", "This description", {"type": "object"}),
    }
    if streams:
        paths["/events"] = {"post": _events(settings)}
        paths["/predictions/{id}"] = {"get": _prediction()}
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
            "session": {"type": "apiKey", "in": "cookie", "name": "session"},
        }
        description["security"] = [{"key": []}, {"bearer": []}, {"session": []}]
        for path in ("/health", "/ready"):
            paths[path]["get"]["security"] = []
    return description
