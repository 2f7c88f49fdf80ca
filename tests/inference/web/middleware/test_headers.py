"""Security headers on whatever is answered."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_every_answer_has_the_security_headers(http: FlaskClient) -> None:
    """Given a page, an answer, an error or a file, no header is missing and none is loosened."""
    style = http.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    for path in ("/", "/health", "/no/such/address", style):
        headers = http.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers.get_all("Cache-Control") == [
            "public, max-age=31536000, immutable" if path == style else "no-store"
        ]
    assert "Strict-Transport-Security" not in http.get("/health").headers
    secure = http.get("/health", base_url="https://127.0.0.1")
    assert "Strict-Transport-Security" in secure.headers


def test_the_page_needs_no_inline_script_or_style(http: FlaskClient) -> None:
    """Given the page, nothing in it would be blocked by its own policy."""
    page = http.get("/").text
    assert "style=" not in page and "<style" not in page and "onclick" not in page
    assert page.count("<script") == 1 and 'src="/static/' in page
    assert "https://" not in page
