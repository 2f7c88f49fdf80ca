"""The page without JavaScript: form, answer, guidance, problems, size."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from contract.features import FEATURE_NAMES
from inference.web.page import view
from tests.inference.support import factory

VALUES = {
    "StudyTimeWeekly": "10",
    "Absences": "6",
    "ParentalSupport": "2",
    "ParentalEducation": "2",
}
FIRST_LOAD_BYTES = 150_000


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
    if name in ("Absences", "StudyTimeWeekly"):
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


def test_the_first_load_is_small(http: FlaskClient) -> None:
    """Given a first visit, the page and all it loads stay within 150 KB."""
    page = http.get("/")
    loaded, total = set(), len(page.data)
    wanted = set(re.findall(r"/static/\w+/[\w.]+\.(?:css|js|svg)", page.text))
    while wanted:
        path = wanted.pop()
        loaded.add(path)
        response = http.get(path)
        assert response.status_code == 200
        total += len(response.data)
        folder = path.rsplit("/", 1)[0]
        imports = re.findall(r'from "\./([\w.]+)"', response.text)
        wanted |= {f"{folder}/{name}" for name in imports} - loaded
    assert len(loaded) == 7
    assert total <= FIRST_LOAD_BYTES


def test_files_of_another_release_are_not_found(http: FlaskClient) -> None:
    """Given an address of another digest or name, no file is served in its place."""
    address = re.search(r"/static/\w+/page\.css", http.get("/").text)
    assert address is not None
    assert http.get(address[0]).status_code == 200
    for wrong in (
        address[0].replace("page.css", "base.html"),
        "/static/0000/page.css",
        address[0].replace("page.css", "..%2f__init__.py"),
    ):
        assert http.get(wrong).status_code == 404


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 %"), (0.004, "<1 %"), (0.5, "50 %"), (0.996, ">99 %"), (1.0, "100 %")],
)
def test_percentages_never_round_to_never_or_always(share: float, said: str) -> None:
    """Given any probability, only a certain one reads as 0 or 100."""
    assert view.percent(share).replace("\u00a0", " ") == said


def test_changes_are_pictured() -> None:
    """Given a lever, its change reads as a person would say it."""
    assert view.change_words("Absences", 1, 0) == "1 fewer absence"
    assert view.change_words("StudyTimeWeekly", 1, 6) == "5 more hours of study a week"
    assert view.change_words("ParentalSupport", 3, 4) == (
        "Very high instead of high support from parents"
    )


def test_levers_that_help_little_are_left_out() -> None:
    """Given guidance with tiny or negative changes, only what moves the GPA is listed."""
    guidance = [
        {"feature": "Absences", "from": 6, "to": 1, "gpa_change": 0.5,
         "better_grade_probability_change": 0.4},
        {"feature": "Music", "from": 0, "to": 1, "gpa_change": 0.004,
         "better_grade_probability_change": 0.0},
        {"feature": "Sports", "from": 0, "to": 1, "gpa_change": -0.1,
         "better_grade_probability_change": -0.1},
    ]  # fmt: skip
    lines = view.levers(guidance, "C", 0.2)
    assert [(line["change"], line["gpa"]) for line in lines] == [("5 fewer absences", "+0.5")]
    assert lines[0]["chance"].replace("\u00a0", " ") == "Better than C: 60 % instead of 20 %"
    assert view.levers(guidance, "A", 0.0)[0]["chance"] == ""
