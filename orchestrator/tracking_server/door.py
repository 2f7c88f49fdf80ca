"""MLflow's door, as gunicorn's configuration: ``--config python:orchestrator.tracking_server.door``.

MLflow has options of its own for this from 3.5 on; Mage holds it at 3.2. Standard library only:
MLflow's environment has none of this project's packages.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

from contract.callers import allowed_names, refusal

NAMES = allowed_names(os.environ)


def closed(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application that refuses foreign pages and names with 403."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def header(name: str) -> str | None:
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        reason = refusal(environ["REQUEST_METHOD"], header, NAMES)
        if reason is None:
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [reason.encode()]

    return answer


def post_worker_init(worker: Any) -> None:
    """Gunicorn's hook, called once a worker has loaded the application."""
    worker.wsgi = closed(worker.wsgi)
