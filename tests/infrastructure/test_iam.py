"""The evaluation of policies: AWS's documented rules, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infrastructure.support.iam import Request, UnknownElementError, allows

BUCKET = "arn:aws:s3:::models"


def statement(action: str | list[str] = "s3:GetObject", **more: Any) -> dict[str, Any]:
    """One statement over everything in the bucket."""
    return {"Effect": "Allow", "Action": action, "Resource": f"{BUCKET}/*", **more}


def decide(*statements: dict[str, Any], action: str = "s3:GetObject", **context: str) -> bool:
    """Decide on one object, with context keys written with two underscores for the colon."""
    found = {name.replace("__", ":"): value for name, value in context.items()}
    request = Request(action, f"{BUCKET}/a/b", found)
    return allows([{"Statement": list(statements)}], request)


def test_nothing_is_permitted_unless_said() -> None:
    assert not allows([], Request("s3:GetObject", BUCKET))
    assert decide(statement()) and decide(statement(["s3:PutObject", "s3:getobject"]))
    assert not decide(statement("s3:PutObject"))


def test_a_refusal_wins() -> None:
    assert not decide(statement(), statement(Effect="Deny"))
    assert decide(statement(), statement("s3:PutObject", Effect="Deny"))


def test_patterns_cross_slashes_and_nothing_else_is_special() -> None:
    assert decide(statement("s3:Get*")) and decide(statement("s3:GetObjec?"))
    assert not decide(statement("s3:GetObject?")) and not decide(statement("s3:[G]etObject"))
    assert not allows([{"Statement": [statement()]}], Request("s3:GetObject", BUCKET))
    assert not decide(statement(Resource=f"{BUCKET}/A/*"))


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("StringEquals", "prod", "prod", True),
        ("StringEquals", "prod*", "prod1", False),
        ("StringEquals", ["stg", "prod"], "prod", True),
        ("StringLike", "models/*", "models/1", True),
        ("ArnEquals", "arn:aws:ecs:*:1:cluster/x", "arn:aws:ecs:us-east-1:1:cluster/x", True),
        ("ArnLike", "arn:aws:ecs:r:1:cluster/x", "arn:aws:ecs:r:1:cluster/y", False),
        ("Bool", "true", "True", True),
    ],
)
def test_operators(operator: str, wanted: Any, given: str, holds: bool) -> None:
    assert decide(statement(Condition={operator: {"a:k": wanted}}), A__K=given) is holds


def test_a_missing_key_fails_unless_it_may_miss() -> None:
    assert not decide(statement(Condition={"StringEquals": {"a:k": "x"}}))
    assert decide(statement(Condition={"StringEqualsIfExists": {"a:k": "x"}}))
    assert not decide(statement(Condition={"StringEqualsIfExists": {"a:k": "x"}}), a__k="y")


def test_every_key_must_hold() -> None:
    both = statement(Condition={"StringEquals": {"a:k": "x", "a:l": "y"}})
    assert decide(both, a__k="x", a__l="y") and not decide(both, a__k="x", a__l="z")


@pytest.mark.parametrize(
    "more",
    [
        {"NotAction": "s3:PutObject"},
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}},
        {"Condition": {"StringEquals": {"a:k": "${aws:username}"}}},
    ],
)
def test_what_it_does_not_know_it_refuses_to_judge(more: dict[str, Any]) -> None:
    with pytest.raises(UnknownElementError):
        decide(statement(**more), a__k="x")
