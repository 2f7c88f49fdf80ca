"""The role that brings a version from one environment to another: what it may, and must not."""

from __future__ import annotations

from tests.infrastructure.support.iam import Request, allows
from tests.infrastructure.support.rights import HERE, KEY, NAME, TAGGED
from tests.infrastructure.support.roles import policies

BUS = f"arn:aws:events:{HERE}:event-bus/default"


def bucket(kind: str, key: str = "", environment: str = "stg") -> str:
    """Return the ARN of an object, or of its bucket."""
    arn = f"arn:aws:s3:::student-performance-{environment}-{kind}"
    return f"{arn}/{key}" if key else arn


VERSION = "models/student-performance/3/model.onnx"
PROD = {**TAGGED, "aws:ResourceTag/Environment": "prod"}
SENDING = {"events:source": "student-performance-prod", "events:detail-type": "promote"}


def test_a_promotion_reads_and_where_nothing_trains_publishes() -> None:
    held = policies("promote")
    for request in (
        Request("s3:GetObject", bucket("models", VERSION)),
        Request("s3:PutObject", bucket("models", VERSION)),
        Request("s3:PutObject", bucket("models", "models/student-performance/champion.json")),
        Request("s3:ListBucket", bucket("models")),
        Request("kms:Decrypt", KEY, TAGGED),
        Request("kms:GenerateDataKey", KEY, TAGGED),
    ):
        assert allows(held, request), request
    for request in (
        Request("s3:GetObject", bucket("artifacts", "datasets/latest.json")),
        Request("s3:PutObject", bucket("artifacts", "incoming/request.json")),
        Request("s3:PutObject", bucket("models", "models/other/champion.json")),
        Request("s3:DeleteObject", bucket("models", VERSION)),
        Request("events:PutEvents", BUS, {"events:source": NAME, "events:detail-type": "promote"}),
    ):
        assert not allows(held, request), request


def test_where_it_trains_a_promotion_sends_and_asks_and_publishes_nothing() -> None:
    held = policies("promote", "prod")
    for request in (
        Request("s3:GetObject", bucket("models", VERSION, "prod")),
        Request("s3:PutObject", bucket("artifacts", "incoming/model.onnx", "prod")),
        Request("s3:GetObject", bucket("artifacts", "outcomes/1.json", "prod")),
        Request("s3:ListBucket", bucket("artifacts", environment="prod")),
        Request("events:PutEvents", BUS, SENDING),
        Request("kms:GenerateDataKey", KEY, PROD),
    ):
        assert allows(held, request), request
    for request in (
        Request("s3:PutObject", bucket("models", VERSION, "prod")),
        Request(
            "s3:PutObject", bucket("models", "models/student-performance/champion.json", "prod")
        ),
        Request("s3:PutObject", bucket("artifacts", "outcomes/1.json", "prod")),
        Request("s3:GetObject", bucket("artifacts", "datasets/latest.json", "prod")),
        Request("events:PutEvents", BUS, {**SENDING, "events:detail-type": "retrain"}),
        Request(
            "ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/student-performance-prod-mage:1"
        ),
        Request("kms:Decrypt", KEY, TAGGED),
    ):
        assert not allows(held, request), request
