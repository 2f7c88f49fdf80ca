"""Plain words for features, answers and guidance."""

from __future__ import annotations

import pytest

from inference.web.page import view


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


@pytest.mark.parametrize(
    ("elapsed", "said"), [(1, ""), (0.5, "With 50\u00a0% of"), (0.333333, "With 33.33\u00a0% of")]
)
def test_a_part_of_the_year_is_said(elapsed: float, said: str) -> None:
    """Given a whole year, nothing is; given a part, how much."""
    words = view.year_words(elapsed)
    assert words.startswith(said) and bool(words) == bool(said)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.851, "very likely"),
        (0.844, "likely"),
        (0.506, "more likely than not"),
        (0.5049, "as likely as not"),
        (0.496, "as likely as not"),
        (0.494, "but it is a close call"),
    ],
)
def test_words_are_those_of_the_percent_beside_them(share: float, words: str) -> None:
    """GIVEN a chance WHEN put in words THEN they fit the rounded figure: 50 % is no "more"."""
    assert view.sureness(share) == words
