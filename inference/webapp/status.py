"""GET /health, /ready, /model and /card: is it up, can it answer, and with what."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Response, render_template

from inference.bundle import Manifest
from inference.webapp.service import Service
from inference.webapp.settings import Settings

JSON = "application/json"


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


def status_routes(service: Service, settings: Settings) -> Blueprint:
    """Return the blueprint of the service's own state."""
    blueprint = Blueprint("status", __name__)

    def reply(document: object) -> Response:
        return Response(msgspec.json.encode(document), content_type=JSON)

    @blueprint.get("/health")
    def health() -> Response:
        return reply({"status": "ok"})

    @blueprint.get("/ready")
    def ready() -> Response:
        return reply({"status": "ready", "version": service.manifest().version})

    @blueprint.get("/model")
    def model() -> Response:
        return reply(describe(service.manifest(), settings.tracking_uri))

    @blueprint.get("/card")
    def card() -> str:
        manifest = service.manifest()
        return render_template(
            "card.html", model=manifest, registry=registry_url(manifest, settings.tracking_uri)
        )

    return blueprint
