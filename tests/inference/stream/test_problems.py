"""The problems a rejection lists: the contract's codes, and texts without a value."""

from __future__ import annotations

from contract.events import REJECTION_CODES
from inference.stream import problems


def every_problem() -> list[problems.Problem]:
    """Return each problem this service can state."""
    plain = [value for value in vars(problems).values() if isinstance(value, problems.Problem)]
    named = problems.FEATURE_PROBLEMS.values()
    return plain + [
        problem
        for of_feature in named
        for problem in (
            of_feature.missing,
            of_feature.wrong_type,
            of_feature.not_whole,
            of_feature.out_of_range,
        )
    ]


def test_the_codes_are_the_contracts() -> None:
    """No code is used that the contract does not list, and none is listed that is never used."""
    assert {problem.code for problem in every_problem()} == set(REJECTION_CODES)


def test_a_problem_of_a_field_names_the_field() -> None:
    """A person reads the message alone."""
    for problem in every_problem():
        assert problem.field is None or problem.message.startswith(f"{problem.field} must")
