"""A visitor of the page: the browser there is, class lists to choose, what can be read."""

from __future__ import annotations

import random
import shutil

import pytest
from playwright.sync_api import Page

from contract.features import FEATURE_NAMES, FEATURES

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)

MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no browser found: {', '.join(NAMES)}"),
]


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
