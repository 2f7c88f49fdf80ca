"""The roles of the workflows: what each does it may do, and what it must not it may not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.infrastructure.support import rights
from tests.infrastructure.support.iam import Request, allows, many
from tests.infrastructure.support.plans import EVERY_SWITCH, bootstrap_plan
from tests.infrastructure.support.rights import HERE, KEY, NAME, TAGGED
from tests.infrastructure.support.roles import UNKNOWN, documents, listed, policies

Plan = dict[str, Any]
STATE = "arn:aws:s3:::student-performance-stg-state"
OBJECT = f"arn:aws:s3:::{NAME}-artifacts/outcomes/1.json"
# The deploy role rolls out new images there; the rest is an administrator's.
HEAVY = re.compile(r"module\.(network|database|monitoring|training|restart)\b|aws_secretsmanager")
ROLLOUT = ("aws_ecs_service", "aws_ecs_task_definition")
BOUNDARY = "module.github.data.aws_iam_policy_document.boundary"


def resources(plan: Plan) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (address, type, values) of every managed resource."""
    for change in plan["resource_changes"]:
        if change["mode"] == "managed":
            values = change["change"]["after"]
            if change["type"] == "aws_ecs_service":
                part = "monitoring" if "module.monitoring" in change["address"] else "training"
                values = {**values, "cluster_name": f"{NAME}-{part}"}
            yield change["address"], change["type"], values


@pytest.fixture(name="everything")
def _everything(plan_of: Callable[..., Plan]) -> Plan:
    return plan_of("stg", *EVERY_SWITCH)


def test_the_table_is_about_what_is_planned(everything: Plan) -> None:
    planned = {type_name for _, type_name, _ in resources(everything)}
    switched = {"aws_lambda_permission"}  # there with a caller of the web service only
    assert planned | switched == set(rights.CALLS)


@pytest.mark.parametrize("role", ["plan", "deploy"])
def test_a_plan_may_read_everything(role: str, everything: Plan) -> None:
    held = policies(role)
    denied = {
        f"{request.action} on {request.resource}"
        for _, type_name, values in resources(everything)
        for request in rights.requests(type_name, values, "refresh")
        if not allows(held, request)
    }
    assert denied == set()


def test_a_deployment_may_apply_what_is_its_own(everything: Plan) -> None:
    held = policies("deploy")
    denied = {
        f"{request.action} on {request.resource}"
        for address, type_name, values in resources(everything)
        if type_name in ROLLOUT or not HEAVY.search(address)
        for request in rights.requests(type_name, values, "apply")
        if not allows(held, request)
    }
    assert denied == set()


def test_a_plan_changes_nothing(everything: Plan) -> None:
    held = policies("plan")
    allowed = {
        request.action
        for _, type_name, values in resources(everything)
        for request in rights.requests(type_name, values, "apply")
        if allows(held, request)
    }
    # Two of them read as well.
    assert allowed <= {"kms:DescribeKey"}


def state(action: str, name: str = "service.tfstate") -> Request:
    """A call on an object of the state's bucket."""
    return Request(action, f"{STATE}/{name}")


def test_the_state_is_read_by_both_and_written_by_one() -> None:
    reading = [state("s3:GetObject"), Request("s3:ListBucket", STATE)]
    # Which release was proven last stands beside the state.
    reading += [state("s3:GetObject", "serving.json")]
    reading += [Request("kms:Decrypt", UNKNOWN)]
    writing = [state("s3:PutObject"), Request("kms:GenerateDataKey", UNKNOWN)]
    writing += [state("s3:PutObject", "serving.json")]
    writing += [state(f"s3:{verb}Object", "service.tfstate.tflock") for verb in ("Put", "Delete")]
    for role in ("plan", "deploy"):
        held = policies(role)
        assert all(allows(held, request) for request in reading)
        assert {allows(held, request) for request in writing} == {role == "deploy"}
        assert not allows(held, state("s3:PutObject", "bootstrap.tfstate"))


def test_a_release_may_ask_for_the_account_s_quota() -> None:
    """Its preflight compares it with the reserved concurrency, before anything is applied."""
    assert allows(policies("deploy"), Request("lambda:GetAccountSettings", "*"))


ROLES = "arn:aws:iam::000000000000:role"
OTHER = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}


@pytest.mark.parametrize(
    "request_",
    [
        # Neither its own rights nor any role without the ceiling, nor the ceiling itself.
        Request("iam:CreateRole", f"{ROLES}/{NAME}-web"),
        Request("iam:PutRolePolicy", f"{ROLES}/{NAME}-web"),
        Request("iam:PutRolePolicy", f"{ROLES}/{NAME}-web", OTHER),
        Request("iam:UpdateAssumeRolePolicy", f"{ROLES}/{NAME}-web"),
        Request("iam:PutRolePermissionsBoundary", f"{ROLES}/{NAME}-web", OTHER),
        Request("iam:DeleteRolePermissionsBoundary", f"{ROLES}/{NAME}-web", rights.BOUNDED),
        Request("iam:AttachRolePolicy", f"{ROLES}/{NAME}-web", rights.BOUNDED),
        Request("iam:PutRolePolicy", f"{ROLES}/{NAME}-github-deploy", rights.BOUNDED),
        Request("iam:PutRolePolicy", f"{ROLES}/{NAME}-mage-task", rights.BOUNDED),
        Request("iam:CreatePolicyVersion", rights.BOUNDED["iam:PermissionsBoundary"]),
        Request(
            "iam:PassRole", f"{ROLES}/{NAME}-web", {"iam:PassedToService": "ec2.amazonaws.com"}
        ),
        # Nothing is destroyed, and nobody's data or secret is read.
        Request("kinesis:DeleteStream", f"arn:aws:kinesis:{HERE}:stream/{NAME}-students"),
        Request("kms:ScheduleKeyDeletion", KEY, TAGGED),
        Request("s3:GetObject", OBJECT),
        # What the service answers is training's to decide.
        Request(
            "s3:PutObject", f"arn:aws:s3:::{NAME}-models/models/student-performance/champion.json"
        ),
        Request("secretsmanager:GetSecretValue", rights.RDS_SECRET),
        Request("rds:ModifyDBInstance", f"arn:aws:rds:{HERE}:db:{NAME}"),
        Request("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/{NAME}-mage:1"),
        # Another environment's key.
        Request("kms:Decrypt", KEY, {**TAGGED, "aws:ResourceTag/Environment": "prod"}),
    ],
    ids=lambda request: f"{request.action}",
)
def test_what_a_deployment_must_not(request_: Request) -> None:
    assert not allows(policies("deploy"), request_)


def test_the_plan_role_decrypts_through_lambda_only() -> None:
    held = policies("plan")
    assert allows(held, Request("kms:Decrypt", KEY, rights.THROUGH_LAMBDA))
    assert not allows(held, Request("kms:Decrypt", KEY, TAGGED))
    through_s3 = {**TAGGED, "kms:ViaService": "s3.us-east-1.amazonaws.com"}
    assert not allows(held, Request("kms:Decrypt", KEY, through_s3))


BUS = f"arn:aws:events:{HERE}:event-bus/default"
QUEUE = f"arn:aws:sqs:{HERE}:{NAME}-retrain-ended"
ASKING = {"events:source": NAME, "events:detail-type": "retrain"}


def test_retraining_asks_and_reads_the_verdict() -> None:
    held = policies("retrain")
    for request in (
        Request("events:PutEvents", BUS, ASKING),
        *(
            Request(f"sqs:{name}", QUEUE)
            for name in ("GetQueueUrl", "ReceiveMessage", "DeleteMessage")
        ),
        Request("s3:GetObject", OBJECT),
        Request("kms:Decrypt", KEY, TAGGED),
    ):
        assert allows(held, request), request


@pytest.mark.parametrize(
    "request_",
    [
        Request("events:PutEvents", BUS, {**ASKING, "events:source": "aws.rds"}),
        Request("events:PutEvents", BUS, {**ASKING, "events:detail-type": "other"}),
        Request("events:PutTargets", f"arn:aws:events:{HERE}:rule/{NAME}-retrain"),
        Request("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/{NAME}-mage:1"),
        Request("iam:PassRole", f"{ROLES}/{NAME}-mage-task", rights.TO_TASKS),
        Request("s3:GetObject", f"arn:aws:s3:::{NAME}-artifacts/datasets/1.csv"),
        Request("s3:PutObject", OBJECT),
    ],
    ids=lambda request: f"{request.action}",
)
def test_what_retraining_must_not(request_: Request) -> None:
    assert not allows(policies("retrain"), request_)


def runtime(plan: Plan) -> Iterator[tuple[str, Request]]:
    """Yield what each role of the service may do, by the address of its policy."""
    for address, policy in documents(plan).items():
        for statement in policy["Statement"]:
            if "Principal" in statement or statement["Effect"] != "Allow":
                continue
            context = {
                key: many(value)[0]
                for keys in statement.get("Condition", {}).values()
                for key, value in keys.items()
            }
            for action in many(statement["Action"]):
                for arn in many(statement["Resource"]):
                    yield address, Request(action, placed(action, arn), {**TAGGED, **context})


def placed(action: str, arn: str) -> str:
    """Return an ARN that the plan does not know yet as AWS would make it."""
    known = {"kms": KEY, "secretsmanager": rights.RDS_SECRET}
    return known[action.split(":")[0]] if arn == UNKNOWN else arn


@pytest.mark.parametrize("role", ["plan", "deploy", "retrain", "promote"])
def test_the_key_lets_iam_decide_what_the_roles_do(role: str, everything: Plan) -> None:
    """A key's policy comes first: what it does not leave to IAM, no role's policy can permit."""
    left = documents(everything)["module.encryption.data.aws_iam_policy_document.key"]
    decided = next(s for s in left["Statement"] if s["Sid"] == "AccountDecidesByIam")["Action"]
    asked = {action for action in listed(policies(role)) if action.startswith("kms:")}
    assert asked - {"kms:CreateKey"} <= set(decided)


def test_the_boundary_holds_all_that_the_service_does(everything: Plan) -> None:
    ceiling = [documents(bootstrap_plan("stg"))[BOUNDARY]]
    held = list(runtime(everything))
    assert len(held) > 60
    missing = {f"{r.action} on {r.resource}" for _, r in held if not allows(ceiling, r)}
    assert missing == set()


def test_the_boundary_holds_nothing_more(everything: Plan) -> None:
    """An action that no role has any more leaves the ceiling too."""
    used = {request.action for _, request in runtime(everything)}
    assert listed([documents(bootstrap_plan("stg"))[BOUNDARY]]) == used
