"""Who reaches the services on Fargate: each other, by security group, and nobody by address.

And what a plan shows of what it keeps: encrypted by the one key, and no password.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infrastructure.support.plans import EVERY_SWITCH, INFRASTRUCTURE


def test_no_address_range_is_let_in(plan_of: Callable[..., dict[str, Any]]) -> None:
    changes = plan_of("stg", *EVERY_SWITCH)["resource_changes"]
    rules = [
        change["change"]["after"]
        for change in changes
        if change["type"] == "aws_vpc_security_group_ingress_rule"
    ]
    assert len(rules) >= 5
    for rule in rules:
        ranges = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id")
        assert not any(rule.get(name) for name in ranges), rule["description"]
    services = [change for change in changes if change["type"] == "aws_ecs_service"]
    assert len(services) == 4
    for service in services:
        network = service["change"]["after"]["network_configuration"]
        assert network[0]["assign_public_ip"] is False
        assert not service["change"]["after"].get("load_balancer")
    assert not any(
        change["type"].startswith(("aws_lb", "aws_elb", "aws_alb")) for change in changes
    )


def planned(plan: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the planned values of every resource of a type."""
    return [c["change"]["after"] for c in plan["resource_changes"] if c["type"] == kind]


def test_the_web_service_takes_signed_requests_only(plan_of: Callable[..., dict[str, Any]]) -> None:
    addresses = planned(plan_of("stg", *EVERY_SWITCH), "aws_lambda_function_url")
    assert addresses and {url["authorization_type"] for url in addresses} == {"AWS_IAM"}


def test_no_password_is_in_a_plan(plan_of: Callable[..., dict[str, Any]]) -> None:
    """RDS makes its own and Secrets Manager holds the operator's: Terraform sees neither."""
    plan = plan_of("stg", *EVERY_SWITCH)
    kinds = {change["type"] for change in plan["resource_changes"]}
    assert not kinds & {"aws_secretsmanager_secret_version", "random_password"}
    (database,) = planned(plan, "aws_db_instance")
    assert database["manage_master_user_password"] and not database.get("password")
    assert planned(plan, "aws_secretsmanager_secret_rotation")


def test_what_is_kept_is_encrypted(plan_of: Callable[..., dict[str, Any]]) -> None:
    plan = plan_of("stg", *EVERY_SWITCH)
    assert all(d["storage_encrypted"] for d in planned(plan, "aws_db_instance"))
    streams = planned(plan, "aws_kinesis_stream")
    assert len(streams) == 2 and all(s["encryption_type"] == "KMS" for s in streams)
    assert all(24 <= s["retention_period"] <= 72 for s in streams)
    rules = planned(plan, "aws_s3_bucket_server_side_encryption_configuration")
    assert len(rules) == len(planned(plan, "aws_s3_bucket")) == 2
    for bucket in rules:
        (default,) = bucket["rule"][0]["apply_server_side_encryption_by_default"]
        assert default["sse_algorithm"] == "aws:kms"
    settings = planned(plan, "aws_db_parameter_group")[0]["parameter"]
    assert {"rds.force_ssl": "1"}.items() <= {s["name"]: s["value"] for s in settings}.items()


def test_whoever_reaches_mage_must_sign_in(plan_of: Callable[..., dict[str, Any]]) -> None:
    """Mage asks who one is, with secrets that no plan holds, and holds no other's password."""
    modules = plan_of("stg", *EVERY_SWITCH)["configuration"]["root_module"]["module_calls"]
    calls = modules["training"]["module"]["module_calls"]
    text = (INFRASTRUCTURE / "modules" / "training" / "main.tf").read_text(encoding="utf-8")
    assert 'REQUIRE_USER_AUTHENTICATION = "1"' in text
    for secret in ("DEFAULT_OWNER_PASSWORD", "JWT_SECRET", "RETRAINING_TRIGGER_TOKEN"):
        assert f'{secret} = "${{var.operator_secret_arn}}:' in " ".join(text.split())
    for name in ("mage", "mlflow"):
        secrets = calls[name]["expressions"]["secrets"]["references"]
        assert not any("database.secret_arn" in reference for reference in secrets)
        prepared = calls[name]["expressions"]["preparation_secrets"]["references"]
        assert f"local.prepare_with.{name}" in prepared
