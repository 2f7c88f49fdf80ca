"""Rewriting a plan for an older provider: references, order, what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from infrastructure.emulation.flatten import Flattener, escape, flat_name, rank

TEXT = {"type": "string", "optional": True}


def schema(*names: str, required: tuple[str, ...] = (), **blocks: Any) -> dict[str, Any]:
    """A resource's schema with optional and required texts and nested blocks."""
    attributes: dict[str, Any] = {name: TEXT for name in names}
    attributes |= {name: {"type": "string", "required": True} for name in required}
    attributes["arn"] = {"type": "string", "computed": True}
    return {"block": {"attributes": attributes, "block_types": blocks}}


SCHEMAS = {
    "aws_kms_key": schema("description"),
    "aws_sqs_queue": schema("name", "kms_master_key_id"),
    "aws_iam_role": schema("name", required=("assume_role_policy",)),
    "aws_lambda_function": schema(required=("role",)),
}


def planned(local_plan: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The local plan for a provider that knows four types and few of their arguments."""
    return Flattener(local_plan, SCHEMAS).flatten().resources


def test_a_modules_variable_becomes_a_reference(plan_of: Callable[..., Any]) -> None:
    queue = planned(plan_of("local"))["aws_sqs_queue"]["module_inference_0_aws_sqs_queue_failures"]
    assert queue["name"] == "student-performance-local-failures"
    assert queue["kms_master_key_id"] == "${aws_kms_key.module_encryption_aws_kms_key_this.arn}"


def test_a_role_is_named_by_the_function(plan_of: Callable[..., Any]) -> None:
    function = planned(plan_of("local"))["aws_lambda_function"]
    body = function["module_inference_0_aws_lambda_function_this"]
    assert body["role"] == "${aws_iam_role.module_inference_0_aws_iam_role_this.arn}"
    assert "memory_size" not in body


def test_a_policy_is_written_out(plan_of: Callable[..., Any]) -> None:
    role = planned(plan_of("local"))["aws_iam_role"]["module_inference_0_aws_iam_role_this"]
    statement = json.loads(role["assume_role_policy"])["Statement"][0]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_each_waits_for_the_rank_before(plan_of: Callable[..., Any]) -> None:
    made = planned(plan_of("local"))
    key = made["aws_kms_key"]["module_encryption_aws_kms_key_this"]
    queue = made["aws_sqs_queue"]["module_inference_0_aws_sqs_queue_failures"]
    assert "depends_on" not in key
    assert queue["depends_on"] == ["aws_kms_key.module_encryption_aws_kms_key_this"]


def test_what_is_left_out_says_why(plan_of: Callable[..., Any]) -> None:
    left = Flattener(plan_of("local"), SCHEMAS).flatten().left_out
    stream = left["module.streams.aws_kinesis_stream.students"]
    assert stream == ("aws_kinesis_stream", "the provider knows no such resource")
    narrow = {"aws_lambda_function": schema(required=("filename",))}
    left = Flattener(plan_of("local"), narrow).flatten().left_out
    assert "filename" in left["module.inference[0].aws_lambda_function.this"][1]


def test_order() -> None:
    kinds = ["aws_lambda_event_source_mapping", "aws_iam_role_policy", "aws_kms_key"]
    kinds += ["aws_lambda_function", "aws_s3_bucket"]
    assert sorted(kinds, key=rank) == [
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_iam_role_policy",
        "aws_lambda_function",
        "aws_lambda_event_source_mapping",
    ]


def test_literals_stay_literals() -> None:
    assert escape({"a": ["${x}", "%{y}", 3]}) == {"a": ["$${x}", "%%{y}", 3]}
    assert flat_name('module.a["b-c"].aws_x.y') == "module_a_b_c_aws_x_y"
