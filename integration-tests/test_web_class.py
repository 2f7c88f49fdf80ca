"""Class lists in a real browser: thousands of students, one looked at, files that are none."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.inference.support.visitor import MARKS, class_list, upload

pytest_plugins = ["tests.inference.support.browser"]
STUDENTS = 2000

pytestmark = MARKS


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


def test_a_class_in_mid_year_opens_in_mid_year(page: Page) -> None:
    """Given a list with year_elapsed, a student opens with the share, another without it."""
    first, *rows = class_list(2).splitlines()
    shares = zip(rows, ("0.37", ""), strict=True)
    upload(page, "\n".join([f"{first},year_elapsed", *(f"{row},{share}" for row, share in shares)]))
    for student, said in enumerate(("37", "")):
        row = page.locator("#answers tbody tr").nth(student)
        expected = row.locator("td").nth(4).inner_text()
        row.get_by_role("button").click()
        expect(page.locator("#year_elapsed")).to_have_value(said)
        expect(page.locator(".gpa")).to_have_text(expected)
        expect(page.get_by_role("slider", name="How much")).to_have_value("35" if said else "100")


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
