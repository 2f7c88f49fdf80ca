"""One JSON line per request, without anything about a person.

The route's pattern stands for the address, since an address can hold a request id; no body, no
query, no client address (all personal data) is ever written.
"""

import json
import logging
import time

from flask import Flask, Response, g, request

LOGGER = logging.getLogger("web")
"""Not below "inference": that logger is Powertools' and formats what its children say."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object; a traceback is reduced to its error's type."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "service": "web",
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def start_logging(level: str) -> None:
    """Send the service's log to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # waitress warns of every request that waits for a thread: under load, a line per request.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def keep_journal(app: Flask) -> None:
    """Log every request of ``app``: failures as errors, the rest at DEBUG.

    A line for each good request would cost a tenth of the throughput and tell little; LOG_LEVEL
    brings them back.
    """

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def write(response: Response) -> Response:
        level = logging.ERROR if response.status_code >= 500 else logging.DEBUG
        if LOGGER.isEnabledFor(level):
            fields = {
                "method": request.method,
                "route": request.url_rule.rule if request.url_rule else None,
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - g.started) * 1000, 2),
            }
            LOGGER.log(level, "request", extra={"fields": fields})
        return response
