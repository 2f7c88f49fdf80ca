"""The web service's entry: ``python -m inference.web [--host H] [--port P]`` serves with waitress.

Behind a Lambda function URL the entry is ``inference.web.function_url.lambda_handler``.
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from contract.environment import SettingsError
from contract.errors import StudentPerformanceError
from inference.web.app import create_app, open_gateway, open_service
from inference.web.middleware.journal import start_logging
from inference.web.web_settings import WebSettings, read_web_settings

IDLE_SECONDS = 30
"""A connection silent for longer is closed."""

MAX_CONNECTIONS = 500

HELP = """settings, from the environment:
  the model       MODEL_BUCKET or MODEL_LOCATION, MODEL_NAME, MODEL_REFRESH_SECONDS
  the streams     WEB_STREAMS (1 opens the stream addresses), STUDENTS_STREAM_NAME,
                  PREDICTIONS_STREAM_NAME
  the address     WEB_HOST, WEB_PORT, WEB_THREADS
  who may ask     WEB_API_KEY (20 characters where others reach it), WEB_OPEN (1: others without
                  a key), WEB_RATE_LIMIT (requests per second and caller, 0 for no limit),
                  WEB_TRUSTED_HOSTS (with commas), WEB_TRUSTED_PROXY, WEB_TRUSTED_HOPS (proxies in
                  a row), WEB_CALLER_HEADER (which a proxy always sets to the caller's ADDRESS:PORT)
  how much        WEB_MAX_BODY_BYTES, WEB_MAX_BATCH (events), WEB_MAX_ROWS (of a class list)
  besides         LOG_LEVEL, MLFLOW_TRACKING_URI (the registry the model card links to)
"""


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m inference.web",
        description="The web service: the page for people and the API for programs.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="address to listen on (default: WEB_HOST or 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (default: WEB_PORT or 8080; 0: any)")
    return parser.parse_args(arguments)


def _proxy(settings: WebSettings) -> dict[str, Any]:
    if not settings.trusted_proxy:
        return {}
    headers = {"x-forwarded-for", "x-forwarded-proto"}
    return {
        "trusted_proxy": settings.trusted_proxy,
        "trusted_proxy_count": settings.trusted_hops,
        "trusted_proxy_headers": headers,
    }


def serve(environment: Mapping[str, str], settings: WebSettings) -> None:
    """Serve until interrupted or terminated; requests under way are answered first.

    Raises SettingsError where others would get in and nobody has said that they should.
    """
    # pylint: disable=import-outside-toplevel
    import waitress

    from inference.web.connections import guard_connections

    if not (settings.loopback or settings.api_key or settings.open):
        raise SettingsError("others could ask: set WEB_API_KEY, or WEB_OPEN=1 to let them")
    service = open_service(environment)
    app = create_app(service, settings, open_gateway(settings))
    server = waitress.create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        ident=None,
        **_proxy(settings),
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=10,
        connection_limit=MAX_CONNECTIONS,
        # Bodies stay in memory (waitress spools larger ones to a file), and a body far over the
        # limit is cut off by waitress itself before it has been read.
        inbuf_overflow=2 * settings.max_body_bytes,
        outbuf_overflow=1024**3,
        max_request_body_size=2 * settings.max_body_bytes,
        asyncore_use_poll=True,
    )
    guard_connections(server)
    print(f"Serving on http://{settings.host}:{server.effective_port} (Ctrl-C stops)", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with service.following():
        server.run()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a setting that cannot be used ends it with status 2 and one line."""
    options = _arguments(arguments)
    environment = dict(os.environ)
    if options.host:
        environment["WEB_HOST"] = options.host
    if options.port:
        environment["WEB_PORT"] = options.port
    try:
        settings = read_web_settings(environment)
        start_logging(environment.get("LOG_LEVEL") or "INFO")
        serve(environment, settings)
    except (StudentPerformanceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
