"""The form in a real browser: sliders, what-if, guidance, problems, a phone, without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from contract.features import DEFAULT_MODEL_NAME
from tests.inference.support import factory
from tests.inference.support.server import running
from tests.inference.support.visitor import MARKS, class_list, gpa, upload

pytest_plugins = ["tests.inference.support.browser"]
PHONE = {"width": 360, "height": 740}

pytestmark = MARKS


def test_moving_a_slider_changes_the_answer(page: Page) -> None:
    """Given the first answer, moving the absences' slider changes number, bars and comparison."""
    before = gpa(page)
    page.get_by_role("slider", name="Absences").fill("1")
    expect(page.locator("#Absences")).to_have_value("1")
    expect(page.locator("#delta")).to_contain_text("GPA +0.50 from where you started")
    assert gpa(page) == pytest.approx(before + 0.5, abs=0.011)
    expect(page.locator(".bars .tick").first).to_have_attribute("visibility", "visible")
    expect(page.locator("#said")).to_contain_text("Expected GPA")
    page.get_by_role("button", name="Compare from here").click()
    expect(page.locator("#delta")).to_have_text("")
    page.get_by_role("link", name="Start over").click()
    expect(page.locator("#Absences")).to_have_value("6")
    expect(page.locator(".gpa")).to_have_text(f"{before:.2f}")


def test_guidance_can_be_tried(page: Page) -> None:
    """Given the guidance, its first lever is in plain words, and Try moves the form there."""
    lever = page.locator(".levers li").first
    expect(lever).to_contain_text("5 fewer absences: about +0.5 GPA")
    lever.get_by_role("button", name="Try").click()
    expect(page.locator("#Absences")).to_have_value("1")
    expect(page.locator("#delta")).to_contain_text("GPA +0.50")
    expect(page.locator(".levers")).not_to_contain_text("5 fewer")


def test_in_mid_year_the_answer_says_so(page: Page) -> None:
    """Given the slider of the year moved, the answer says what it rests on; emptied, all is as
    before, and the slider stands at its end again."""
    before = page.locator(".bars").inner_text()
    track = page.get_by_role("slider", name="How much of the school year")
    track.fill("40")
    expect(page.locator("#year_elapsed")).to_have_value("40")
    expect(page.locator("#verdict")).to_contain_text("40\u00a0% of the school year passed")
    assert page.locator(".bars").inner_text() != before
    expect(page.locator(".levers")).not_to_contain_text("fewer absences")
    page.locator("#year_elapsed").fill("")
    expect(page.locator("#verdict")).not_to_contain_text("of the school year passed")
    expect(track).to_have_value("100")
    assert page.locator(".bars").inner_text() == before
    page.locator("#year_elapsed").fill("0")
    expect(page.locator("#verdict")).to_contain_text("a percentage over 0 up to 100")
    expect(page.locator("#year_elapsed")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("link", name="Start over").click()
    expect(page.locator("#year_elapsed")).to_have_value("")
    expect(track).to_have_value("100")


def test_values_out_of_range_are_explained(page: Page) -> None:
    """Given an impossible value, the answer says what is accepted; beyond training, it warns."""
    page.locator("#Absences").fill("999")
    expect(page.locator("#verdict")).to_contain_text("must be a whole number from 0 to 365")
    expect(page.locator("#Absences")).to_have_attribute("aria-invalid", "true")
    page.locator("#Absences").fill("60")
    expect(page.locator("#verdict")).to_contain_text("Outside of what the model has seen")
    assert page.locator("#Absences").get_attribute("aria-invalid") is None


def test_the_form_works_without_scripts(browser: Browser, address: str) -> None:
    """Given a browser without JavaScript, form, guidance and class list all work."""
    context = browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = context.new_page()
    page.goto(address)
    page.locator("#Absences").fill("0")
    page.locator("label", has_text="Tutoring").click()
    page.get_by_role("button", name="Show the likely grade").click()
    expect(page.locator("#Absences")).to_have_value("0")
    expect(page.locator("#verdict")).to_contain_text("Expected GPA 3.35")
    page.get_by_role("button", name="Try: Taking up a sport").click()
    expect(page.get_by_role("checkbox", name="Sports")).to_be_checked()
    expect(page.locator("#verdict")).to_contain_text("Expected GPA 3.55")
    upload(page, class_list(5))
    with page.expect_download() as download:
        page.get_by_role("button", name="Get the answers as CSV").click()
    assert len(Path(download.value.path()).read_text("utf-8").splitlines()) == 6
    context.close()


def test_the_answer_stays_in_sight_on_a_phone(browser: Browser, address: str) -> None:
    """Given a phone, a strip shows the answer while the form is moved, and leads to the whole."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)  # type: ignore
    page = context.new_page()
    page.goto(address)
    strip = page.locator("#mini")
    page.locator("#Absences").fill("1")
    expect(strip).to_contain_text("GPA 3.00")
    expect(strip).to_be_in_viewport()
    strip.tap()
    expect(page.locator("#verdict")).to_be_in_viewport()
    context.close()


def test_the_page_says_when_the_service_is_gone(browser: Browser, tmp_path: Path) -> None:
    """Given a service that was stopped, the page says so instead of showing a stale answer."""
    factory.publish(tmp_path / "models" / DEFAULT_MODEL_NAME, "1")
    context = browser.new_context()
    page = context.new_page()
    with running(tmp_path / "web.log", MODEL_LOCATION=str(tmp_path)) as address:
        page.goto(address)
    page.locator("#Absences").fill("1")
    expect(page.locator("#verdict")).to_contain_text("The service cannot be reached")
    context.close()
