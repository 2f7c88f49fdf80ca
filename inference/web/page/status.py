"""GET /health, /ready, /model and /card: is it up, can it answer, and with what."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Blueprint, Response, render_template

from contract.bundle import Manifest
from inference.web.page.view import LABELS
from inference.web.predict import json_reply
from inference.web.service import Service
from inference.web.web_settings import WebSettings

MEASURED_ON = {
    "test_clean_": "Test, clean labels",
    "test_": "Test",
    "validation_": "Validation",
}
OVERALL = "Value"


def registry_url(manifest: Manifest, tracking_uri: str) -> str | None:
    """Return the version's page in the MLflow registry, where that has one."""
    if not tracking_uri.startswith(("http://", "https://")):
        return None
    return f"{tracking_uri.rstrip('/')}/#/models/{manifest.name}/versions/{manifest.version}"


def describe(manifest: Manifest, tracking_uri: str) -> dict[str, Any]:
    """Return what GET /model says: the manifest without its golden rows, and where to read more."""
    described: dict[str, Any] = msgspec.to_builtins(manifest)
    del described["golden"]
    return described | {"card": "/card", "registry": registry_url(manifest, tracking_uri)}


def metric_table(metrics: Mapping[str, float]) -> dict[str, Any]:
    """Return a manifest's metrics as rows by name and columns by the data they were measured on.

    Names without a known beginning stand in a column of their own, unless another says the same.
    """
    rows: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        start = next((start for start in MEASURED_ON if name.startswith(start)), "")
        rows.setdefault(name.removeprefix(start), {})[MEASURED_ON.get(start, OVERALL)] = value
    for values in rows.values():
        if len(values) > 1:
            values.pop(OVERALL, None)
    used = {column for values in rows.values() for column in values}
    columns = [column for column in (*MEASURED_ON.values(), OVERALL) if column in used]
    return {"rows": rows, "columns": columns}


def status_routes(service: Service, settings: WebSettings) -> Blueprint:
    """Return the blueprint of the service's own state."""
    blueprint = Blueprint("status", __name__)

    @blueprint.get("/health")
    def health() -> Response:
        return json_reply({"status": "ok"})

    @blueprint.get("/ready")
    def ready() -> Response:
        return json_reply({"status": "ready", "version": service.manifest().version})

    @blueprint.get("/model")
    def model() -> Response:
        return json_reply(describe(service.manifest(), settings.tracking_uri))

    @blueprint.get("/card")
    def card() -> str:
        manifest = service.manifest()
        return render_template(
            "card.html",
            model=manifest,
            labels=LABELS,
            metrics=metric_table(manifest.metrics),
            registry=registry_url(manifest, settings.tracking_uri),
        )

    return blueprint
