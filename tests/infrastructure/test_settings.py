"""What Terraform plans and what localcloud provisions are the same names and settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.configuration import load
from localcloud.lambda_host.__main__ import settings_of
from localcloud.provision import names
from tests.infrastructure.support.plans import INFRASTRUCTURE

Plan = dict[str, Any]
ENVIRONMENTS = ("local", "stg", "prod")


def resources(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (address, planned values) of every managed resource."""
    for change in plan["resource_changes"]:
        if change["mode"] == "managed":
            yield change["address"], change["change"]["after"]


def only(plan: Plan, ending: str) -> dict[str, Any]:
    """Return the planned values of the one resource whose address ends so."""
    matching = [values for address, values in resources(plan) if address.endswith(ending)]
    assert len(matching) == 1, f"{ending}: {len(matching)} resources"
    return matching[0]


@pytest.fixture(name="local_plan")
def _local_plan(plan_of: Callable[..., Plan]) -> Plan:
    return plan_of("local")


def test_streams(local_plan: Plan) -> None:
    configuration = load()
    students = only(local_plan, "aws_kinesis_stream.students")
    predictions = only(local_plan, "aws_kinesis_stream.predictions")
    assert students["name"] == configuration.students_stream_name
    assert predictions["name"] == configuration.predictions_stream_name
    assert {students["shard_count"], predictions["shard_count"]} == {
        configuration.stream_shard_count
    }


def test_buckets_and_queue(local_plan: Plan) -> None:
    configuration = load()
    assert (
        only(local_plan, "module.model_store.aws_s3_bucket.this")["bucket"]
        == configuration.model_bucket_name
    )
    assert (
        only(local_plan, "module.artifact_store.aws_s3_bucket.this")["bucket"]
        == configuration.artifact_bucket_name
    )
    queue = only(local_plan, "aws_sqs_queue.failures")
    assert queue["name"] == configuration.failure_queue_name


def test_mapping(local_plan: Plan) -> None:
    """The settings the local mapping runs with are the planned mapping's."""
    local = settings_of(load())
    mapping = only(local_plan, "aws_lambda_event_source_mapping.students")
    assert mapping["batch_size"] == local.batch_size
    assert mapping["maximum_batching_window_in_seconds"] == local.window
    assert mapping["parallelization_factor"] == local.parallelization
    assert mapping["bisect_batch_on_function_error"] == local.bisect
    assert mapping["maximum_retry_attempts"] == local.maximum_retries
    assert mapping["maximum_record_age_in_seconds"] == local.maximum_age
    assert mapping["starting_position"] == load().mapping_starting_position
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]


def test_function(local_plan: Plan) -> None:
    configuration = load()
    function = only(local_plan, "module.inference[0].module.function.aws_lambda_function.this")
    assert function["function_name"] == configuration.function_name
    assert function["image_config"][0]["command"] == [configuration.function_handler]
    assert function["memory_size"] == configuration.function_memory_mb
    assert function["timeout"] == configuration.function_timeout_seconds


def test_environment(local_plan: Plan) -> None:
    """Every variable Terraform gives the handler has the value the local stack gives it."""
    function = only(local_plan, "module.inference[0].module.function.aws_lambda_function.this")
    deployed = function["environment"][0]["variables"]
    local = names(load())
    shared = set(deployed) & set(local)
    assert {"MODEL_BUCKET", "MODEL_NAME", "PREDICTIONS_STREAM_NAME"} <= shared
    assert {key: deployed[key] for key in shared} == {key: local[key] for key in shared}
    assert set(deployed) - shared == {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_variable_is_terraforms(environment: str, plan_of: Callable[..., Plan]) -> None:
    """A key that Terraform does not know would be a setting that nobody applies."""
    text = (INFRASTRUCTURE / "vars" / f"{environment}.tfvars.json").read_text(encoding="utf-8")
    assert set(json.loads(text)) <= set(plan_of(environment)["variables"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_carry_their_environment(environment: str) -> None:
    text = (INFRASTRUCTURE / "vars" / f"{environment}.tfvars.json").read_text(encoding="utf-8")
    values = json.loads(text)
    named = {key: value for key, value in values.items() if key.endswith("_name")}
    named.pop("model_name")
    assert values["environment"] == environment
    assert all(value.startswith(f"student-performance-{environment}-") for value in named.values())


@pytest.mark.parametrize("environment", ["stg", "prod"])
def test_state_is_kept_by_environment(environment: str) -> None:
    text = (INFRASTRUCTURE / "vars" / f"{environment}.s3.tfbackend").read_text(encoding="utf-8")
    assert f'"student-performance-{environment}-state"' in text
