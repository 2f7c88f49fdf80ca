"""hypothesis strategies: events good, bad and hostile."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from contract.features import FEATURES

IDS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(1 - 2**53, 2**53 - 1).map(float),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=128),
)


def _values(minimum: int, maximum: int, whole: bool) -> st.SearchStrategy[float]:
    if whole:
        return st.integers(minimum, maximum).flatmap(lambda n: st.sampled_from((n, float(n))))
    return st.floats(minimum, maximum, allow_nan=False)


STUDENTS = st.fixed_dictionaries(
    {f.name: _values(f.minimum, f.maximum, f.whole) for f in FEATURES},
    optional={"Age": st.integers(), "Gender": st.integers(), "x": st.text()},
)
EVENTS = st.fixed_dictionaries(
    {"student_id": IDS, "student": STUDENTS},
    optional={
        "request_id": st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=128),
        "explain": st.none() | st.booleans(),
        "year_elapsed": st.none() | st.just(1) | st.floats(0, 1, exclude_min=True),
        "Ethnicity": st.integers(),
    },
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        (2.5, -1, 366, 1e308, 2**63, 2**70, 10**309, "7", "", "x" * 129, 2.0**53, -(2**53))
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def broken_events(draw: st.DrawFn) -> bytes:
    """A good event with some of its parts replaced, removed or repeated."""
    event = draw(EVENTS)
    for name in draw(st.lists(st.sampled_from([f.name for f in FEATURES]), max_size=4)):
        if draw(st.booleans()):
            event["student"].pop(name, None)
        else:
            event["student"][name] = draw(JSON)
    top = ("student_id", "student", "request_id", "explain", "year_elapsed")
    for name in draw(st.lists(st.sampled_from(top))):
        if draw(st.booleans()):
            event.pop(name, None)
        else:
            event[name] = draw(JSON)
    text = json.dumps(event, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):  # the same keys again: the last one counts
        text = text[:-1] + ("," if event else "") + json.dumps(draw(EVENTS))[1:]
    return text.encode(errors="surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event with bytes changed, cut, doubled or inserted."""
    data = bytearray(draw(broken_events()))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        what = draw(st.integers(0, 3))
        piece = draw(
            st.sampled_from(
                (
                    b"[",
                    b"{",
                    b'"',
                    b"\\ud800",
                    b"\xff",
                    b"NaN",
                    b"-",
                    b"1e999",
                    b",",
                    b"\x00",
                    b"9" * 30,
                )
            )
        )
        if what == 0:
            data[at:at] = piece
        elif what == 1:
            del data[at : at + draw(st.integers(1, 9))]
        elif what == 2:
            data[at : at + 1] = piece
        else:
            data = data[:at] + data
    return bytes(data)


HOSTILE = st.one_of(
    st.binary(max_size=300), broken_events(), damaged(), JSON.map(lambda v: json.dumps(v).encode())
)
