"""Pytest plugin: the running page in the system's Chromium, which must stay quiet and on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from contract.features import DEFAULT_MODEL_NAME
from tests.inference.support import factory
from tests.inference.support.server import running
from tests.inference.support.visitor import CHROMIUM

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000
TRAINED_ON = {"StudyTimeWeekly": [0, 20], "Absences": [0, 29]}


@pytest.fixture(name="address", scope="module")
def address_fixture(tmp_path_factory) -> Iterator[str]:
    """The service as `make web` starts it, on a published model."""
    folder = tmp_path_factory.mktemp("web")
    factory.publish(folder / "models" / DEFAULT_MODEL_NAME, "1", training_ranges=TRAINED_ON)
    with running(folder / "web.log", MODEL_LOCATION=str(folder)) as address:
        yield address


@pytest.fixture(name="browser", scope="module")
def browser_fixture() -> Iterator[Browser]:
    """The system's Chromium."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE_MS
        )
        yield browser
        browser.close()


@pytest.fixture(name="page")
def page_fixture(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened; it must stay without errors, storage and requests to anywhere else."""
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    faults: list[str] = []
    hosts: set[str] = set()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(address)
    yield page
    stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    context.close()
    # Chromium itself reports each rejection (422) as a console message.
    assert not [fault for fault in faults if "responded with a status of 422" not in fault]
    assert hosts <= {urlsplit(address).netloc, ""}
    assert stored == [0, 0, ""]
