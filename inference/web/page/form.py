"""The page: the form, its answer with and without JavaScript, and what it says about the model."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Blueprint, render_template, request

from contract.bundle import Manifest
from contract.events import YEAR_ELAPSED
from contract.features import FEATURE_NAMES
from inference.web.page import view
from inference.web.service import Service
from inference.web.typed_text import event_json

START = {"StudyTimeWeekly": "10", "Absences": "6", "ParentalSupport": "2", "ParentalEducation": "2"}
"""What the form shows first: an ordinary student, so that every part of an answer can be seen."""

EXAMPLE = event_json(
    {name: START.get(name, "0") for name in FEATURE_NAMES}, '"s-1"', explain=True
).decode()

_STUDENT_ID = '"page"'
"""The page needs nobody's name: what it shows is about the nine values alone."""


def form_values(form: Mapping[str, str]) -> dict[str, str]:
    """Return the fields as typed; an unticked box is 0, and a pressed Try is applied."""
    values = {name: form.get(name, "").strip() for name in (*FEATURE_NAMES, YEAR_ELAPSED)}
    for flag in view.FLAGS:
        values[flag.name] = values[flag.name] or "0"
    feature, _, value = form.get("try", "").partition("=")
    if feature in values and value:
        values[feature] = value
    return values


def _share(percent: str) -> str:
    """Return the share a percentage is; other text stays, for the contract to refuse."""
    try:
        return str(float(percent) / 100)
    except ValueError:
        return percent


def answer_context(
    service: Service, manifest: Manifest | None, values: Mapping[str, str]
) -> dict[str, Any]:
    """Return what answer.html shows for one set of values."""
    if manifest is None:
        return {"unavailable": True}
    cells = {**values, YEAR_ELAPSED: _share(values[YEAR_ELAPSED])}
    given = service.answer([event_json(cells, _STUDENT_ID, explain=True)])[0]
    reply = msgspec.json.decode(given.data)
    if given.status != "ok":
        problems = view.problem_lines(reply["errors"])
        return {"rejection": problems, "problems": {problem["name"] for problem in problems}}
    answer = view.answer_view(reply["prediction"], reply.get(YEAR_ELAPSED, 1))
    return {
        "answer": answer,
        "levers": view.levers(reply["guidance"], answer["grade"], answer["better"]),
        "beyond": view.beyond_words(reply["features"], manifest.training_ranges),
        "bands": view.bands(),
    }


def _status(context: Mapping[str, Any]) -> int:
    return 503 if "unavailable" in context else 422 if "rejection" in context else 200


def page_routes(service: Service) -> Blueprint:
    """Return the blueprint of the page and of its answers."""
    blueprint = Blueprint("page", __name__)

    def whole(values: Mapping[str, str]) -> tuple[str, int]:
        manifest = service.known_manifest()
        context = {"problems": set()} | answer_context(service, manifest, values)
        page = render_template(
            "page.html",
            model=manifest,
            ranges=manifest.training_ranges if manifest else {},
            values=values,
            sliders=view.SLIDERS,
            choices=view.CHOICES,
            flags=view.FLAGS,
            feature_names=FEATURE_NAMES,
            example=EXAMPLE,
            **context,
        )
        return page, _status(context)

    @blueprint.get("/")
    def start() -> tuple[str, int]:
        return whole(form_values(START))

    @blueprint.post("/")
    def without_script() -> tuple[str, int]:
        return whole(form_values(request.form))

    @blueprint.post("/answer")
    def fragment() -> tuple[str, int]:
        context = answer_context(service, service.known_manifest(), form_values(request.form))
        return render_template("answer.html", **context), _status(context)

    return blueprint
