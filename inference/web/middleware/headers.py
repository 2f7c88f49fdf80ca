"""Security headers on every answer (OWASP Secure Headers Project), added below Flask.

As WSGI middleware it reaches error answers too and costs two list operations; answers about a person
are never cached, unless the application says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
NO_STORE = [("Cache-Control", "no-store")]
STRICT_TRANSPORT = [("Strict-Transport-Security", "max-age=31536000")]


def secured(application: WSGIApplication) -> WSGIApplication:
    """Return ``application`` with the headers on whatever it answers."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        extra = HEADERS
        if environ.get("wsgi.url_scheme") == "https":
            extra = extra + STRICT_TRANSPORT

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            cached = any(name == "Cache-Control" for name, _ in headers)
            return start_response(status, headers + extra + ([] if cached else NO_STORE), *rest)

        return application(environ, start)

    return wrapped
