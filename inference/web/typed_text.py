"""Text as people type it, turned into the JSON events the contract reads.

A form field or a table cell that holds a number becomes a JSON number; anything else stays text, so
that the shared decoder, not this module, says what is wrong with it.
"""

import json
import math
from collections.abc import Mapping

from contract.events import YEAR_ELAPSED
from contract.features import FEATURE_NAMES


def json_value(text: str) -> str:
    """Return the JSON literal for one cell: a number where it is one, else a string.

    Underscores, ``nan`` and ``inf`` are Python's notation, not a person's, and stay text.
    """
    text = text.strip()
    if text.isascii():
        # The common case, whole numbers without leading zeros, is already JSON.
        if text.isdigit() and (text[0] != "0" or len(text) == 1):
            return text
        try:
            number = float(text)
        except ValueError:
            return json.dumps(text)
        if "_" not in text and math.isfinite(number):
            return repr(number)
    return json.dumps(text)


def event_json(cells: Mapping[str, str], student_id: str, explain: bool = False) -> bytes:
    """Return one event from named cells; an empty or absent cell is left out (missing_field).

    ``student_id`` is a JSON literal. Only the nine features and year_elapsed are taken over, whatever
    else is there.
    """
    student = ",".join(
        f'"{name}":{json_value(cells[name])}'
        for name in FEATURE_NAMES
        if cells.get(name, "").strip()
    )
    tail = ',"explain":true' if explain else ""
    if (share := cells.get(YEAR_ELAPSED, "")).strip():
        tail += f',"{YEAR_ELAPSED}":{json_value(share)}'
    return f'{{"student_id":{student_id},"student":{{{student}}}{tail}}}'.encode()
