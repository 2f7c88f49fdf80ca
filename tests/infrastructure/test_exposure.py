"""Who reaches the services on Fargate: each other, by security group, and nobody by address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infrastructure.support.plans import EVERY_SWITCH


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
