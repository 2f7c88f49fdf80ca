"""Signing in: the key once, then a session that no page can read and another key ends."""

from __future__ import annotations

import pytest

from inference.web.middleware import session

KEY = "s3cret-key-of-the-school"


def test_the_key_gives_a_session(make_app) -> None:
    """Given the key, the page opens without it from then on, until one signs out."""
    http = make_app(api_key=KEY).test_client()
    assert "Sign in" in http.get("/sign-in").text
    entered = http.post("/sign-in", data={"key": KEY})
    assert (entered.status_code, entered.headers["Location"]) == (303, "/")
    assert http.get("/").status_code == 200
    assert http.post("/answer", data={"Absences": "3"}).status_code in (200, 422)
    left = http.get("/sign-out")
    assert (left.status_code, left.headers["Location"]) == (303, "/sign-in")
    assert http.get("/").status_code == 401


@pytest.mark.parametrize(
    ("scheme", "name", "more"),
    [("http", "session", set()), ("https", "__Host-session", {"Secure"})],
)
def test_no_page_reads_the_cookie_and_no_other_site_sends_it(
    make_app, scheme: str, name: str, more: set[str]
) -> None:
    """Given a session, its cookie is for this host and its own pages only, without the key."""
    http = make_app(api_key=KEY).test_client()
    entered = http.post("/sign-in", data={"key": KEY}, base_url=f"{scheme}://127.0.0.1")
    value, *attributes = entered.headers["Set-Cookie"].split("; ")
    assert value.startswith(f"{name}=") and KEY not in value
    wanted = {"HttpOnly", "SameSite=Strict", "Path=/"} | more
    assert wanted <= set(attributes) and not any(each.startswith("Domain") for each in attributes)


def test_a_session_ends(make_app, monkeypatch) -> None:
    """Given another key, a changed cookie or half a day, the session is not known."""
    http = make_app(api_key=KEY).test_client()
    http.post("/sign-in", data={"key": KEY})
    cookie = http.get_cookie("session")
    assert cookie is not None
    others = make_app(api_key="another-key-of-the-school").test_client()
    others.set_cookie("session", cookie.value)
    assert others.get("/").status_code == 401
    assert http.get("/").status_code == 200
    http.set_cookie("session", cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B"))
    assert http.get("/").status_code == 401
    http.set_cookie("session", cookie.value)
    monkeypatch.setattr(session, "SECONDS", -1)
    assert http.get("/").status_code == 401


def test_guesses_are_few(make_app) -> None:
    """Given one caller who guesses, the eleventh must wait, even with the right key."""
    http = make_app(api_key=KEY).test_client()
    statuses = [http.post("/sign-in", data={"key": "wrong"}).status_code for _ in range(10)]
    assert statuses == [401] * 10
    assert http.post("/sign-in", data={"key": KEY}).status_code == 429
    assert "This is not the key." in make_app(api_key=KEY).test_client().post("/sign-in").text


def test_without_a_key_there_is_nothing_to_sign_in_to(http) -> None:
    """Given no key, there is no sign-in and no word of it."""
    assert http.get("/sign-in").status_code == 404
    assert "/sign-out" not in http.get("/").text
