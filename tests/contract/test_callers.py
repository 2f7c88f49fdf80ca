"""Programs and a server's own pages pass, foreign pages and foreign names do not."""

from __future__ import annotations

import pytest

from contract.callers import allowed_names, refusal

NAMES = allowed_names({"ALLOWED_HOSTS": "Mage, .localhost,"})
FOLLOWED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def ask(method: str = "GET", host: str | None = "127.0.0.1:6789", **headers: str) -> str | None:
    """What is said to one request; underscores stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if host is not None:
        given["host"] = host
    return refusal(method, given.get, NAMES)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:6789", "LOCALHOST:1", "[::1]:80", "mage", "bucket.localhost:4566"]
)
def test_programs_pass_under_every_name_of_ours(host: str) -> None:
    """GIVEN no Origin WHEN a name of ours is asked for THEN the request passes."""
    assert ask("POST", host) is None


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "127.0.0.1.evil.example:6789", "mage.evil.example", "localhost@evil"]
    + ["evillocalhost", "localhost.", "[::1]evil", "0.0.0.0:6789"],
)
def test_another_name_is_not_served(host: str | None) -> None:
    """GIVEN a name that DNS could lead here WHEN it is asked for THEN it is refused."""
    assert ask("GET", host) == "this name is not served here"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:6789", "https://127.0.0.1:6789"])
def test_its_own_pages_pass(origin: str) -> None:
    """GIVEN a page of the server itself WHEN it asks THEN it passes."""
    assert ask("POST", origin=origin, sec_fetch_site="same-origin") is None


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:8080", "http://localhost:6789", ""]
)
def test_another_page_is_refused(origin: str) -> None:
    """GIVEN another page, be it of another port here WHEN it asks THEN it is refused."""
    assert ask("POST", origin=origin) == "another page's request"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_without_origin_the_browser_still_tells(site: str) -> None:
    """GIVEN a picture or a frame of another page WHEN it is fetched THEN refused; a link passes."""
    assert ask(sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="image")
    assert ask(sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe")
    assert ask("GET", sec_fetch_site=site, **_followed()) is None
    assert ask("POST", sec_fetch_site=site, **_followed())
    assert ask(sec_fetch_site="none", **_followed()) is None


def _followed() -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in FOLLOWED.items()}
