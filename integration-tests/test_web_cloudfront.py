"""The web function as the public reaches it: CloudFront in front of its URL, a browser before that.

The stand-in has the rules that AWS documents: origin access control replaces Authorization, a POST
needs the SHA-256 of its body in x-amz-content-sha256, the host is the function's, and the viewer's
address is in CloudFront-Viewer-Address, whatever the viewer says.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from contract.features import DEFAULT_MODEL_NAME
from inference.web import function_url
from tests.inference.support import factory
from tests.inference.support.kinesis import event
from tests.inference.support.visitor import CHROMIUM, class_list, upload

pytest_plugins = ["tests.inference.support.browser"]

KEY = "key-of-the-school-for-this-test"
FUNCTION = "abc.lambda-url.eu-central-1.on.aws"


class Edge(BaseHTTPRequestHandler):
    """CloudFront, and the function URL behind it."""

    function: Callable[[Any, Any], Any]

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        given = headers.get("x-amz-content-sha256")
        if self.command == "POST" and given != hashlib.sha256(body).hexdigest():
            self._answer(403, {"content-type": "application/json"}, [], b'{"message": "signature"}')
            return
        headers |= {"authorization": "AWS4-HMAC-SHA256 of CloudFront", "host": FUNCTION}
        headers |= {"x-forwarded-proto": "https", "cloudfront-viewer-address": "198.51.100.7:46532"}
        cookies = headers.pop("cookie", "")
        path, _, query = self.path.partition("?")
        http = {"method": self.command, "path": path, "protocol": "HTTP/1.1"}
        http |= {"sourceIp": "192.0.2.1", "userAgent": "test"}
        asked = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "cookies": cookies.split("; ") if cookies else [],
            "headers": headers,
            "requestContext": {"domainName": FUNCTION, "http": http},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        said = type(self).function(asked, None)
        data = said["body"].encode()
        if said.get("isBase64Encoded"):
            data = base64.b64decode(said["body"])
        self._answer(said["statusCode"], said["headers"], said.get("cookies", []), data)

    do_GET = do_POST = _pass_on

    def _answer(self, status: int, headers: Any, cookies: list[str], data: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name != "content-length":
                self.send_header(name, value)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


@pytest.fixture(name="public", scope="module")
def public_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The public address, over TLS."""
    folder = tmp_path_factory.mktemp("public")
    factory.publish(folder / "models" / DEFAULT_MODEL_NAME, "1")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1".split()
    subprocess.run(
        [*make, "-keyout", folder / "key", "-out", folder / "certificate"],
        check=True,
        capture_output=True,
    )
    environment = {"MODEL_LOCATION": str(folder), "WEB_API_KEY": KEY}
    environment["WEB_CALLER_HEADER"] = "CloudFront-Viewer-Address"
    Edge.function = staticmethod(function_url.handler_from(environment))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Edge) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_program_comes_in_with_key_and_digest(public: str) -> None:
    """GIVEN a program WHEN it sends the key and the body's digest THEN it is answered; else not."""
    body = httpx.Request("POST", public, json=event()).content
    digest = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    headers = {"Content-Type": "application/json", "X-API-Key": KEY}
    with httpx.Client(verify=False, base_url=public) as client:
        assert client.post("/predict", content=body, headers=headers | digest).status_code == 200
        assert client.post("/predict", content=body, headers=headers).status_code == 403
        bearer = digest | {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        assert client.post("/predict", content=body, headers=bearer).status_code == 401
        assert client.get("/").status_code == 401
        assert client.get("/predictions/web-" + "0" * 32).status_code == 401


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no browser found")
def test_a_person_signs_in_and_uses_the_page(browser: Browser, public: str) -> None:
    """GIVEN a browser WHEN someone has the key THEN page, sliders and class list work; else not."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(public)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Key").fill("not the key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#refused")).to_have_text("This is not the key.")
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One student")).to_be_visible()
    page.wait_for_load_state("load")
    page.locator("#Absences").fill("29")
    expect(page.locator("#delta")).to_contain_text("from where you started", timeout=20_000)
    upload(page, class_list(20))
    expect(page.locator("#results")).to_be_visible()
    (cookie,) = context.cookies()
    assert cookie["name"] == "__Host-session" and cookie["httpOnly"] and cookie["secure"]
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not context.cookies()
    context.close()
