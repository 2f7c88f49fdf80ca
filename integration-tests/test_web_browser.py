"""The page in a real browser: form, what-if, class lists, keyboard only, axe-core, no traffic."""

from __future__ import annotations

import csv
import io
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from inference.contract import DEFAULT_MODEL_NAME, FEATURE_NAMES, FEATURES
from tests.inference import factory
from tests.inference.web.server import running

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
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
PHONE = {"width": 360, "height": 740}
STUDENTS = 2000
PATIENCE_MS = 30_000
TRAINED_ON = {"StudyTimeWeekly": [0, 20], "Absences": [0, 29]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no browser found: {', '.join(NAMES)}"),
]


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
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(name="page")
def page_fixture(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened; it must stay without errors, storage and requests to anywhere else."""
    context = browser.new_context(accept_downloads=True)
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


def class_list(students: int, bad_every: int = 0) -> str:
    """A class list; every ``bad_every``-th student has a count of absences nobody can have."""
    chance = random.Random(1)
    lines = [",".join(("StudentID", "Name", *FEATURE_NAMES))]
    for number in range(students):
        values = [chance.randint(0, min(f.maximum, 25)) for f in FEATURES]
        if bad_every and number % bad_every == 0:
            values[FEATURE_NAMES.index("Absences")] = 999
        lines.append(",".join(map(str, [f"S-{number}", f'"Doe, {number}"', *values])))
    return "\n".join(lines) + "\n"


def upload(page: Page, text: str, name: str = "class.csv") -> None:
    """Choose a file, as a person does."""
    page.locator("#file").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )


def gpa(page: Page) -> float:
    """The expected GPA as shown."""
    return float(page.locator(".gpa").inner_text())


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


def test_values_out_of_range_are_explained(page: Page) -> None:
    """Given an impossible value, the answer says what is accepted; beyond training, it warns."""
    page.locator("#Absences").fill("999")
    expect(page.locator("#verdict")).to_contain_text("must be a whole number from 0 to 365")
    expect(page.locator("#Absences")).to_have_attribute("aria-invalid", "true")
    page.locator("#Absences").fill("60")
    expect(page.locator("#verdict")).to_contain_text("Outside of what the model has seen")
    assert page.locator("#Absences").get_attribute("aria-invalid") is None


def test_a_class_of_two_thousand_is_answered(page: Page, tmp_path: Path) -> None:
    """Given 2,000 students, all are answered, sorted, paged, downloaded; bad rows have reasons."""
    upload(page, class_list(STUDENTS, bad_every=100))
    message = page.locator("#classmessage")
    expect(message).to_contain_text("1,980 students answered. 20 rows could not be answered")
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#rejected tbody tr").first).to_contain_text(
        "Absences must be a whole number from 0 to 365"
    )
    expect(page.locator("#pagetext")).to_have_text("Page 1 of 20")
    shown = page.locator("#answers tbody tr td:nth-child(5)")
    header = page.locator("th[data-key=gpa]")
    values: list[float] = []
    for direction in ("ascending", "descending"):
        header.get_by_role("button").click()
        expect(header).to_have_attribute("aria-sort", direction)
        values = [float(text) for text in shown.all_inner_texts()]
        assert values == sorted(values, reverse=direction == "descending")
    page.locator("#next").click()
    expect(page.locator("#pagetext")).to_have_text("Page 2 of 20")
    assert float(shown.first.inner_text()) <= values[-1]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the answers").click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    saved = target.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(saved)))
    assert [row["student_id"] for row in rows] == [f"S-{number}" for number in range(STUDENTS)]
    assert sum(row["status"] == "rejected" for row in rows) == 20
    assert "Doe" not in saved
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#results")).to_be_hidden()


def test_a_student_of_a_class_can_be_looked_at(page: Page) -> None:
    """Given a class, a student's row opens in the form, with the same GPA and guidance."""
    upload(page, class_list(3))
    row = page.locator("#answers tbody tr").nth(1)
    expected = float(row.locator("td").nth(4).inner_text())
    row.get_by_role("button", name="What would help student S-1").click()
    expect(page.locator("#verdict")).to_be_focused()
    expect(page.locator(".gpa")).to_have_text(f"{expected:.2f}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("StudentID,Absences\n1,2\n", "missing here: ParentalEducation, StudyTimeWeekly"),
        ("", "The file has no students below its first line"),
        ("\x00\x01\x02 not a table \n\n\x03", "missing here"),
    ],
)
def test_a_bad_file_is_explained(page: Page, text: str, said: str) -> None:
    """Given a file that is no class list, the page says what is missing and works on."""
    upload(page, text)
    expect(page.locator("#classmessage")).to_contain_text(said)
    expect(page.locator("#results")).to_be_hidden()
    upload(page, class_list(2))
    expect(page.locator("#classmessage")).to_have_text("2 students answered.")


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
    page.get_by_role("button", name="Try: Taking up a sport").focus()
    press("Enter")
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
