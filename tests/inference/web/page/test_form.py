"""The page without JavaScript: form, answer, guidance, problems, size."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from contract.features import FEATURE_NAMES
from tests.inference.support import factory

VALUES = {
    "StudyTimeWeekly": "10",
    "Absences": "6",
    "ParentalSupport": "2",
    "ParentalEducation": "2",
}

PERCENTAGE = "Say it as a percentage over 0 up to 100, or leave it empty."


def text(html: str) -> str:
    """The words of a page, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_first_page_answers_already(http: FlaskClient) -> None:
    """Given a first visit, the page shows a form with every feature and an answer to it."""
    page = http.get("/").text
    for name in FEATURE_NAMES:
        assert f'name="{name}"' in page
    assert re.search(r"Grade [A-F], ", text(page))


def test_the_form_works_as_a_form(http: FlaskClient) -> None:
    """Given the form sent by a browser without scripts, page, values and answer come back."""
    page = http.post("/", data=VALUES | {"Absences": "0", "Tutoring": "1", "Music": "1"}).text
    assert re.search(r'name="Absences"[^>]*value="0"', page)
    assert re.search(r'name="Music"[^>]*checked', page)
    assert not re.search(r'name="Sports"[^>]*checked', page)
    assert "Grade A" in text(page)


def test_guidance_is_in_plain_words_and_can_be_tried(http: FlaskClient) -> None:
    """Given a student with absences, fewer of them come first, and Try carries them out."""
    page = http.post("/", data=VALUES).text
    assert "5 fewer absences : about +0.5 GPA" in text(page)
    assert "Patterns in the data, not causes" in text(page)
    tried = http.post("/", data=VALUES | {"try": "Absences=1"}).text
    assert re.search(r'name="Absences"[^>]*value="1"', tried)


@pytest.mark.parametrize(
    ("given", "label", "message"),
    [
        ({"Absences": "many"}, "Absences", "must be a whole number from 0 to 365"),
        ({"Absences": "2.5"}, "Absences", "must be a whole number from 0 to 365"),
        ({"StudyTimeWeekly": ""}, "Study time", "must be a number from 0 to 168"),
        ({"year_elapsed": "0"}, "How much of the school year has passed?", PERCENTAGE),
        ({"year_elapsed": "101"}, "How much of the school year has passed?", PERCENTAGE),
        ({"year_elapsed": "half"}, "How much of the school year has passed?", PERCENTAGE),
        ({"ParentalSupport": "9"}, "Support from parents", "must be a whole number from 0 to 4"),
    ],
)
def test_problems_are_named_by_the_labels(
    http: FlaskClient, given: dict[str, str], label: str, message: str
) -> None:
    """Given a value the contract does not accept, page and fragment say which and what it may be."""
    page = http.post("/", data=VALUES | given)
    assert page.status_code == 422
    assert f"{label} {message}" in text(page.text)
    fragment = http.post("/answer", data=VALUES | given)
    assert fragment.status_code == 422
    assert f"{label} {message}" in text(fragment.text)
    name = next(iter(given))
    if name in ("Absences", "StudyTimeWeekly", "year_elapsed"):
        assert re.search(rf'name="{name}"[^>]*aria-invalid="true"', page.text)


def test_what_is_typed_is_shown_as_text(http: FlaskClient) -> None:
    """Given markup in a field, the page shows it and does not run it."""
    page = http.post("/", data=VALUES | {"Absences": '"><script>x</script>'}).text
    assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_values_beyond_training_are_pointed_out(http: FlaskClient, models) -> None:
    """Given more study than training saw, the answer warns; within, it does not."""
    factory.publish(models, "2", training_ranges={"StudyTimeWeekly": [0.001, 19.98]})
    beyond = text(http.post("/answer", data=VALUES | {"StudyTimeWeekly": "45"}).text)
    assert "Study time: 45, but the students it learned from had 0 to 20" in beyond
    for hours in ("0", "20"):
        within = text(http.post("/answer", data=VALUES | {"StudyTimeWeekly": hours}).text)
        assert "Outside of what the model has seen" not in within


def shown(html: str) -> list[str]:
    """The chance of each grade."""
    return re.findall(r'<td class="num">([^<]+)</td>', html)


def test_in_mid_year_it_is_less_sure_and_says_so(http: FlaskClient) -> None:
    """Given how much of the year has passed, absences to come are estimated, and are no lever."""
    whole = http.post("/", data=VALUES).text
    for all_of_it in ("", "100", "100.0"):
        page = http.post("/", data=VALUES | {"year_elapsed": all_of_it}).text
        assert shown(page) == shown(whole) and "of the school year passed:" not in text(page)
    page = http.post("/", data=VALUES | {"year_elapsed": "37.5"}).text
    assert "With 37.5 % of the school year passed: the absences still to come" in text(page)
    assert re.search(r'id="year_elapsed"[^>]*value="37.5"', page)
    assert shown(page) != shown(whole)
    assert "5 fewer absences" in text(whole) and "fewer absences :" not in text(page)


def test_the_share_of_the_year_may_stay_empty(http: FlaskClient) -> None:
    """Given a first visit, the field is empty, is not required, and its slider stands at the end."""
    (number,) = re.findall(r'<input class="number"[^>]*id="year_elapsed"[^>]*>', http.get("/").text)
    (track,) = re.findall(r'<input class="track"[^>]*year_elapsed[^>]*>', http.get("/").text)
    assert 'value=""' in number and "required" not in number and 'placeholder="100"' in number
    assert 'min="5"' in track and 'value="100"' in track
