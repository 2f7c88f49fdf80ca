"""The optional API key: one shared secret, compared in constant time."""

from __future__ import annotations

import hmac

from flask import Request

from inference.web.errors import Unauthorized


def _offered(request: Request) -> str:
    header = request.headers.get("X-API-Key")
    if header is not None:
        return header
    authorization = request.authorization
    if authorization is None:
        return ""
    # A browser's own password box speaks Basic: with it the page works as it is, also without
    # JavaScript, and the key is never part of a page, an address or a stored setting.
    if authorization.type == "basic":
        return authorization.password or ""
    return authorization.token or "" if authorization.type == "bearer" else ""


def check_key(request: Request, key: str) -> None:
    """Raise Unauthorized unless ``request`` offers ``key``; an empty key asks for nothing."""
    if key and not hmac.compare_digest(_offered(request).encode(), key.encode()):
        raise Unauthorized()
