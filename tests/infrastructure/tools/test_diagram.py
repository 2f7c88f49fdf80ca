"""The drawing: one node a module, an arrow to whoever uses its outputs; the README shows the plan's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from infrastructure.tools.diagram import draw
from tests.infrastructure.support.plans import INFRASTRUCTURE


def made(address: str, kind: str) -> dict[str, str]:
    """A planned resource."""
    return {"mode": "managed", "address": address, "type": kind}


def test_a_small_plan() -> None:
    expressions = {"target": {"references": ["module.queue[0].arn", "module.encryption.key"]}}
    calls = {"queue": {}, "function": {"expressions": expressions}, "encryption": {}}
    changes = [
        made("module.queue[0].aws_sqs_queue.a", "aws_sqs_queue"),
        made("module.queue[0].aws_sqs_queue.b", "aws_sqs_queue"),
        made("module.function.module.inner.aws_lambda_function.this", "aws_lambda_function"),
        made("module.function.aws_iam_role.this", "aws_iam_role"),
        made("module.encryption.aws_kms_key.this", "aws_kms_key"),
        made("aws_sns_topic.outside", "aws_sns_topic"),
    ]
    plan = {
        "configuration": {"root_module": {"module_calls": calls}},
        "resource_changes": changes,
    }
    assert draw(plan).splitlines() == [
        "flowchart LR",
        '  encryption["<b>encryption</b><br/>kms_key"]',
        '  function["<b>function</b><br/>lambda_function"]',
        '  queue["<b>queue</b><br/>sqs_queue x2"]',
        "  queue --> function",
    ]


def test_the_drawing_is_the_plan(plan_of: Callable[..., dict[str, Any]]) -> None:
    readme = (INFRASTRUCTURE / "README.md").read_text(encoding="utf-8")
    drawn = re.search(r"```mermaid\n(.*?)\n```", readme, re.DOTALL)
    assert drawn and drawn[1] == draw(plan_of("prod"))
