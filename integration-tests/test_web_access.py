"""The page for everybody: by keyboard only, and nothing for axe-core to find."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.inference.support.visitor import MARKS, class_list, upload

pytest_plugins = ["tests.inference.support.browser"]

pytestmark = MARKS


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    """Given only a keyboard: skip link, slider, choices, chips, Try and the table can be used."""
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press("Enter")
    press("Tab")
    expect(page.get_by_role("slider", name="Study time")).to_be_focused()
    press("ArrowRight")
    expect(page.locator("#StudyTimeWeekly")).to_have_value("10.5")
    press("Tab")
    press("Tab")
    press("Home")
    expect(page.locator("#Absences")).to_have_value("0")
    press("Tab")
    press("Tab")
    expect(page.get_by_role("slider", name="How much of the school year")).to_be_focused()
    press("Tab")
    press("Tab")
    press("ArrowRight")
    expect(page.get_by_role("radio", name="High", exact=True)).to_be_checked()
    press("Tab")
    press("Tab")
    press("Space")
    expect(page.get_by_role("checkbox", name="Tutoring")).to_be_checked()
    expect(page.locator("#said")).to_contain_text("Grade A")
    outline = page.evaluate(
        "getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    )
    assert outline == "solid"
    # The answer to the last key draws its buttons anew; none may be pressed before.
    expect(page.locator(".gpa")).to_have_text(re.compile(r"3\.5[12]"))
    page.get_by_role("button", name="Try: Taking up a sport").press("Enter")
    expect(page.get_by_role("checkbox", name="Sports")).to_be_checked()
    upload(page, class_list(3))
    expect(page.locator("#results")).to_be_visible()
    page.locator("th[data-key=id]").get_by_role("button").focus()
    press("Enter")
    expect(page.locator("th[data-key=id]")).to_have_attribute("aria-sort", "ascending")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(page: Page, scheme: str, width: int) -> None:
    """Given any scheme and width, in every state of the page, axe-core has no complaint."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    axe = Axe()

    def check(state: str) -> None:
        found = axe.run(page)
        assert found.violations_count == 0, f"{state}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state

    check("first page")
    page.locator("#Absences").fill("40")
    expect(page.locator("#verdict")).to_contain_text("Outside of what the model has seen")
    check("comparison and warning")
    upload(page, class_list(150, bad_every=10))
    expect(page.locator("#results")).to_be_visible()
    check("class answered")
    page.locator("#Absences").fill("999")
    expect(page.locator("#verdict")).to_contain_text("No answer yet")
    check("problem")
    page.goto(page.url.split("#", maxsplit=1)[0] + "card")
    check("model card")
