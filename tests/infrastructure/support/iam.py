"""IAM's decision over identity policies: an explicit refusal wins, else one permission is needed.

Only what the project's policies use is understood; anything else raises, so that no condition is
ever taken for fulfilled unseen. Source: the IAM user guide, "Policy evaluation logic" and "IAM JSON
policy elements: Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Policy = Mapping[str, Any]


class Request(NamedTuple):
    """One call: what, on which resource, and the condition keys AWS fills in for it."""

    action: str
    resource: str
    context: Mapping[str, str] = MappingProxyType({})


class UnknownElementError(ValueError):
    """A policy uses an element that this evaluation does not know."""


def like(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern with ``*`` (any text) and ``?`` (one character)."""
    wildcards = {"*": ".*", "?": "."}
    return bool(
        re.fullmatch("".join(wildcards.get(c) or re.escape(c) for c in pattern), value, re.DOTALL)
    )


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
}


def many(value: str | list[str]) -> list[str]:
    """Return a value that IAM allows bare or as a list, as a list."""
    return [value] if isinstance(value, str) else value


def fulfilled(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    """Whether one condition holds; a missing key fails it unless it is ``...IfExists``."""
    optional = operator.endswith("IfExists")
    test = OPERATORS.get(operator.removesuffix("IfExists"))
    if test is None or any("${" in value for value in wanted):
        raise UnknownElementError(f"condition {operator} on {key}: {wanted}")
    given = {name.lower(): value for name, value in context.items()}.get(key.lower())
    return optional if given is None else any(test(value, given) for value in wanted)


def applies(statement: Policy, request: Request) -> bool:
    """Whether a statement speaks about the request."""
    unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown:
        raise UnknownElementError(f"{statement.get('Sid')}: {sorted(unknown)}")
    return (
        any(like(a.lower(), request.action.lower()) for a in many(statement["Action"]))
        and any(like(pattern, request.resource) for pattern in many(statement["Resource"]))
        and all(
            fulfilled(operator, key, many(wanted), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def allows(policies: Iterable[Policy], request: Request) -> bool:
    """Whether the policies together permit the request."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in policy["Statement"]
        if applies(statement, request)
    }
    return effects == {"Allow"}
