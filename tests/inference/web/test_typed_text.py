"""Text as people type it, as JSON."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES
from inference.web.typed_text import event_json, json_value


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("07", 7),
        ("7.0", 7.0),
        ("-1", -1),
        ("+3", 3),
        ("1e2", 100),
        (".5", 0.5),
        ("", ""),
        ("many", "many"),
        ("1_0", "1_0"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e999", "1e999"),
        ("٣", "٣"),
        ('"', '"'),
        ("0x10", "0x10"),
    ],
)
def test_numbers_become_numbers_and_the_rest_stays_text(typed: str, value: object) -> None:
    """Given what a person types, a number is one however written; Python's own notation is not."""
    assert json.loads(json_value(typed)) == value


@given(st.text())
def test_any_text_is_one_json_value(typed: str) -> None:
    """Given any text, nothing typed can break out of its place in the event."""
    value = json.loads(json_value(typed))
    assert value == typed.strip() or (isinstance(value, (int, float)) and math.isfinite(value))


@given(st.dictionaries(st.sampled_from(FEATURE_NAMES), st.text(max_size=20)), st.booleans())
def test_an_event_holds_the_named_cells_only(cells: dict[str, str], explain: bool) -> None:
    """Given any cells, the event has exactly those that are not blank."""
    event = json.loads(event_json(cells | {"Name": "Somebody"}, '"x"', explain))
    assert set(event["student"]) == {name for name, text in cells.items() if text.strip()}
    assert event.get("explain", False) == explain
