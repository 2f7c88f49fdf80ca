"""Runtime variables: what is accepted, and what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.training.errors import VariableError
from orchestrator.training.variables import MAX_TRIALS, Variables


def test_defaults_and_foreign_keys() -> None:
    """Mage hands over keys of its own; they are left alone."""
    parsed = Variables.parse({"execution_date": object(), "env": "dev"})
    assert (parsed.seed, parsed.csv, parsed.labelled) == (42, "", False)
    assert len(parsed.request_id) == 32


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("seed", "soon"),
        ("seed", 2**40),
        ("seed", True),
        ("seed", float("nan")),
        ("trials", 0),
        ("trials", MAX_TRIALS + 1),
        ("trials", 2.5),
        ("trials", [3]),
        ("csv", 7),
        ("skip_bad_rows", "yes"),
        ("labelled", 1),
        ("repeats", 21),
        ("request_id", "../../etc"),
        ("request_id", "x" * 65),
    ],
)
def test_a_refusal_names_the_variable(name: str, value: Any) -> None:
    """Every refusal starts with the variable's name and says what is accepted."""
    with pytest.raises(VariableError, match=f"^{name}: accepted is "):
        Variables.parse({name: value})


@given(
    st.builds(
        Variables,
        seed=st.integers(0, 2**31 - 1),
        trials=st.integers(1, MAX_TRIALS),
        csv=st.sampled_from(["", "data/x.csv"]),
        skip_bad_rows=st.booleans(),
        labelled=st.booleans(),
        drift=st.booleans(),
        repeats=st.integers(0, 20),
        request_id=st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
    )
)
def test_variables_survive_their_json(variables: Variables) -> None:
    """What a run logs starts the same run again, also as the UI's text."""
    assert Variables.parse(variables.as_dict()) == variables
    as_text = {key: str(value) for key, value in variables.as_dict().items()}
    assert Variables.parse(as_text) == variables
