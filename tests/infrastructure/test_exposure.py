"""Who reaches the services on Fargate: each other, by security group, and nobody by address."""

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
