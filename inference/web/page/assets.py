"""The page's own files, held in memory and named by their content.

They live below one folder named by the digest of them all, so a browser may keep them for good, and
modules that import each other by relative address never mix two releases.
"""

import hashlib
from importlib.resources import files

from flask import Blueprint, Response, abort

TYPES = {"css": "text/css", "csv": "text/csv", "js": "text/javascript", "svg": "image/svg+xml"}
"""Stated here since a machine's own table of types may differ."""


class Assets:
    """All files of static/, read once."""

    def __init__(self) -> None:
        folder = files("inference.web") / "static"
        self._files = {
            entry.name: entry.read_bytes()
            for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
            if entry.is_file()
        }
        digest = hashlib.sha256()
        for name, data in self._files.items():
            digest.update(f"{name} {len(data)}\n".encode() + data)
        self._digest = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Return the address of one file."""
        return f"/static/{self._digest}/{name}"

    def blueprint(self) -> Blueprint:
        """Return the route that serves the files; any other name or digest is not found."""
        blueprint = Blueprint("assets", __name__)

        @blueprint.get("/static/<digest>/<name>")
        def asset(digest: str, name: str) -> Response:
            data = self._files.get(name)
            if data is None or digest != self._digest:
                abort(404)
            kind = TYPES[name.rpartition(".")[2]]
            response = Response(data, content_type=f"{kind}; charset=utf-8")
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return response

        return blueprint
