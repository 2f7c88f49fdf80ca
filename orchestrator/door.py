"""Mage's door: no foreign web page and no foreign host name comes in, nor what skips the sign-in.

Mage 0.9.80 answers any Host and any Origin, lets every page read its answers (CORS ``*``) and every
page open its websockets, which run code. Each request, websockets and files included, is looked up
in tornado's Application before any handler is made: there it is refused.
"""

import re
from collections.abc import Callable
from typing import Any

from tornado.web import Application, ErrorHandler

from contract.callers import refusal

WITHOUT_SIGN_IN = re.compile(
    r"/api/(events|event_matchers|runs)(/.*)?|/api/pipelines/.*/analyses|/event-streams/.*"
)
"""What Mage answers without a look at who asks, even where people sign in; nothing here uses it."""


def close_door(
    names: frozenset[str], signed_in: bool, application: type[Any] = Application
) -> None:
    """Refuse with 403 what is not ours; ``signed_in`` tells whether people must sign in."""
    find: Callable[..., Any] = application.find_handler

    def find_handler(self: Any, request: Any, **kwargs: Any) -> Any:
        skips = signed_in and WITHOUT_SIGN_IN.fullmatch(request.path)
        if skips or refusal(request.method, request.headers.get, names):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
        return find(self, request, **kwargs)

    application.find_handler = find_handler
