"""IAM: no wildcard in any plan without a reason, and no reason without a wildcard."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from infrastructure.tools import review
from infrastructure.tools.offline.policy import render
from tests.infrastructure.support.plans import EVERY_SWITCH, INFRASTRUCTURE, bootstrap_plan


def document(**statement: Any) -> dict[str, Any]:
    """A plan with one policy document of one statement."""
    block = {"sid": "Test", "principals": [], **statement}
    return {
        "resource_changes": [
            {
                "address": "data.aws_iam_policy_document.test",
                "type": "aws_iam_policy_document",
                "change": {"after": {"statement": [block]}},
            }
        ]
    }


def test_no_wildcard_without_a_reason(plan: dict[str, Any]) -> None:
    assert [str(wildcard) for wildcard in review.refused(plan)] == []


def test_every_plan_has_policies_to_look_at(plan: dict[str, Any]) -> None:
    assert len(review.statements(plan)) > 10


def test_every_role_has_its_boundary(plan: dict[str, Any]) -> None:
    roles = [item for item in plan["resource_changes"] if item["type"] == "aws_iam_role"]
    assert roles and review.unbounded(plan) == []


def test_no_reason_without_a_wildcard(plan_of: Callable[..., dict[str, Any]]) -> None:
    plans = (plan_of("stg", *EVERY_SWITCH), bootstrap_plan("stg"))
    wildcards = [value for plan in plans for value in review.wildcards(review.statements(plan))]
    unused = [
        entry for entry in review.ALLOWED if not any(entry.covers(value) for value in wildcards)
    ]
    assert unused == []


@pytest.mark.usefixtures("plan_of")
def test_a_managed_policy_fits() -> None:
    """AWS refuses a managed policy of more than 6,144 characters, white space not counted."""
    documents = dict(review.documents(bootstrap_plan("stg")))
    sizes = {
        address: len(render({**document, "source_policy_documents": None}).replace(" ", ""))
        for address, document in documents.items()
    }
    assert sizes and {address for address, size in sizes.items() if size > 6144} == set()


@pytest.mark.parametrize(
    "statement",
    [
        {"actions": ["s3:*"], "resources": ["arn:aws:s3:::x"]},
        {"actions": ["*"], "resources": ["arn:aws:s3:::x"]},
        {"actions": ["s3:GetObject"], "resources": ["*"]},
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::x/*"]},
        {"actions": ["kinesis:Put*"], "resources": ["arn:aws:kinesis:r:1:stream/x"]},
        {"not_actions": ["iam:PassRole"], "resources": ["arn:aws:s3:::x"]},
        {
            "actions": ["sns:Publish"],
            "resources": ["arn:x"],
            "principals": [{"type": "AWS", "identifiers": ["*"]}],
        },
    ],
)
def test_a_wildcard_is_refused(statement: dict[str, Any]) -> None:
    assert len(review.refused(document(**statement))) == 1


def test_exact_rights_pass() -> None:
    exact = document(actions=["s3:GetObject"], resources=["arn:aws:s3:::x/y"])
    assert review.refused(exact) == []


def test_unknown_values_are_left_to_the_sources() -> None:
    assert review.refused(document(actions=["kms:Decrypt"], resources=None)) == []


def role(boundary: str | None, address: str = "aws_iam_role.test") -> dict[str, Any]:
    """A plan with exact rights and one role."""
    change = {"address": address, "type": "aws_iam_role"}
    plan = document(actions=["s3:GetObject"], resources=["arn:aws:s3:::x/y"])
    plan["resource_changes"].append(
        {**change, "change": {"after": {"permissions_boundary": boundary}}}
    )
    return {**plan, "variables": {"environment": {"value": "stg"}}}


@pytest.mark.parametrize(
    ("boundary", "refused"),
    [
        ("arn:aws:iam::1:policy/student-performance-stg-boundary", False),
        ("arn:aws:iam::1:policy/student-performance-prod-boundary", True),
        ("arn:aws:iam::aws:policy/AdministratorAccess", True),
        ("arn:aws:iam::1:policy/student-performance-stg-boundary-none", True),
        (None, True),
    ],
)
def test_a_role_without_its_boundary_is_refused(boundary: str | None, refused: bool) -> None:
    assert bool(review.unbounded(role(boundary))) is refused


def test_a_role_that_goes_needs_none() -> None:
    plan = role(None)
    plan["resource_changes"][-1]["change"]["after"] = None
    assert review.unbounded(plan) == []


@pytest.mark.parametrize(
    ("plan_text", "code"),
    [
        (document(actions=["s3:GetObject"], resources=["arn:aws:s3:::x/y"]), 0),
        (document(actions=["s3:*"], resources=["arn:aws:s3:::x/y"]), 1),
        (role(None), 1),
        ({}, 2),
    ],
)
def test_command(plan_text: dict[str, Any], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(plan_text)))
    assert review.main() == code


def test_patterns_in_the_sources_are_the_known_ones() -> None:
    """An ARN that is unknown at plan time must be a plain reference: no literal adds a pattern."""
    patterns = set()
    for path in INFRASTRUCTURE.rglob("*.tf"):
        for line in path.read_text(encoding="utf-8").splitlines():
            code = line.split(" #")[0]
            if re.match(r"\s*(#|description|error_message|expression)", code) or "regex(" in code:
                continue
            patterns |= set(re.findall(r'"((?:[^"\\]|\\.)*\*(?:[^"\\]|\\.)*)"', code))
    assert sorted(patterns) == [
        "${bucket}/*",
        "${group}:log-stream:*",
        "${local.arn}/*",
        "${local.buckets[0]}/models/${local.s.model_name}/*",
        "${local.buckets[1]}/outcomes/*",
        "${local.log_group_arn}:log-stream:*",
        "${local.regional.cloudwatch}:alarm:${var.name}-*",
        "${local.regional.ecs}:task-definition/${var.name}-${name}:*",
        "${local.regional.kms}:key/*",
        "${local.regional.lambda}:event-source-mapping:*",
        "${local.regional.secretsmanager}:secret:rds!db-*",
        "${module.mage.family_arn}:*",
        "${module.task.family_arn}:*",
        "${var.artifact_bucket_arn}/${prefix}/*",
        "${var.artifact_bucket_arn}/mlflow/*",
        "${var.artifact_bucket_arn}/outcomes/*",
        "${var.artifact_bucket_arn}/reference/*",
        "${var.artifact_bucket_arn}/reports/*",
        "${var.model_bucket_arn}/models/${var.model_name}/*",
        "*",
        "mlflow/*",
        "models/${var.model_name}/*",
        "s3:*",
    ]
