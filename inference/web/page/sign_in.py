"""The sign-in page: takes the key once and gives a session for it."""

from flask import Blueprint, Response, render_template, request

from inference.web.middleware.guard import RateLimiter, caller
from inference.web.middleware.session import Sessions, same
from inference.web.web_settings import WebSettings

GUESSES_PER_SECOND = 0.1
"""Of each caller, after a burst of ten."""


def sign_in_routes(settings: WebSettings) -> Blueprint:
    """Return the blueprint of signing in and out."""
    blueprint = Blueprint("sign_in", __name__)
    sessions = Sessions(settings.api_key)
    guesses = RateLimiter(GUESSES_PER_SECOND)

    @blueprint.get("/sign-in")
    def ask() -> str:
        return render_template("sign_in.html", wrong=False)

    @blueprint.post("/sign-in")
    def enter() -> Response | tuple[str, int]:
        guesses.spend(caller(request, settings.caller_header))
        if not same(request.form.get("key", ""), settings.api_key):
            return render_template("sign_in.html", wrong=True), 401
        response = Response(status=303, headers={"Location": "/"})
        sessions.begin(request, response)
        return response

    @blueprint.get("/sign-out")
    def leave() -> Response:
        response = Response(status=303, headers={"Location": "/sign-in"})
        sessions.end(request, response)
        return response

    return blueprint
