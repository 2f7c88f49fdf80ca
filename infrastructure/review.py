"""Refuse a plan whose IAM policies hold a wildcard that nobody gave a reason for.

    terraform show -json plan.bin | python -m infrastructure.review

Reads every aws_iam_policy_document of a plan (``terraform show -json``), those that are read during
the plan and those that wait for the apply. Standard library only, so that a deployment can run it
between the plan and the apply. Values that are unknown at plan time are references to a resource's
own ARN; that none of them is a pattern is checked on the sources (tests/infrastructure).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple


class Statement(NamedTuple):
    """One policy statement: where it stands and what it says."""

    address: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    negated: bool


class Wildcard(NamedTuple):
    """A value with ``*`` in a statement; ``kind`` is action, resource or principal."""

    address: str
    sid: str
    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.address}, statement {self.sid or '(no sid)'}: {self.kind} {self.value}"


class Allowance(NamedTuple):
    """Wildcards that are accepted: regular expressions on address, sid and value, and why."""

    address: str
    sid: str
    kind: str
    value: str
    reason: str

    def covers(self, found: Wildcard) -> bool:
        """Whether this entry accepts the wildcard."""
        return self.kind == found.kind and all(
            re.fullmatch(pattern, text)
            for pattern, text in (
                (self.address, found.address),
                (self.sid, found.sid),
                (self.value, found.value),
            )
        )


KEY_POLICY = "a key policy cannot name the key that it belongs to; here * is that key and no other"
ALLOWED = (
    Allowance(r".*encryption.*\.key", ".*", "resource", r"\*", KEY_POLICY),
    Allowance(
        r".*\.tls_only",
        "Deny.*",
        "action",
        r"s3:\*",
        "a refusal: every request without current TLS, whatever it asks",
    ),
    Allowance(
        r".*\.tls_only",
        "Deny.*",
        "resource",
        r"arn:aws[a-z-]*:s3:::[a-z0-9-]+/\*",
        "a refusal: every object of the bucket",
    ),
    Allowance(
        r".*\.tls_only",
        "Deny.*",
        "principal",
        r"\*",
        "a refusal: whoever asks",
    ),
    Allowance(
        r".*",
        "Trace",
        "resource",
        r"\*",
        "X-Ray knows no resource ARN for PutTraceSegments and PutTelemetryRecords",
    ),
    Allowance(
        r".*",
        "ReadModel",
        "resource",
        r"arn:aws[a-z-]*:s3:::[a-z0-9-]+/models/[a-z0-9-]+/\*",
        "the objects of one model's folder; their keys hold the version",
    ),
    Allowance(
        r".*",
        "WriteLogs",
        "resource",
        r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d+:log-group:[\w/-]+:log-stream:\*",
        "the streams of one log group; AWS chooses their names",
    ),
)


def modules(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the resources of a state's module and of its child modules."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from modules(child)


def documents(plan: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (address, values) of every policy document of the plan."""
    state = plan.get("prior_state", {}).get("values", {}).get("root_module", {})
    for resource in modules(state):
        if resource["type"] == "aws_iam_policy_document":
            yield resource["address"], resource["values"]
    for change in plan.get("resource_changes", []):
        if change["type"] == "aws_iam_policy_document" and change["change"].get("after"):
            yield change["address"], change["change"]["after"]


def known(values: Any) -> tuple[str, ...]:
    """Return the texts of a list that are known at plan time."""
    return tuple(value for value in values or () if isinstance(value, str))


def statements(plan: dict[str, Any]) -> list[Statement]:
    """Return every statement of every policy document of a plan."""
    out = []
    for address, document in documents(plan):
        for block in document.get("statement") or []:
            principals = [known(entry.get("identifiers")) for entry in block["principals"] or []]
            out.append(
                Statement(
                    address=address,
                    sid=block.get("sid") or "",
                    effect=block.get("effect") or "Allow",
                    actions=known(block.get("actions")),
                    resources=known(block.get("resources")),
                    principals=tuple(name for names in principals for name in names),
                    negated=bool(
                        block.get("not_actions")
                        or block.get("not_resources")
                        or block.get("not_principals")
                    ),
                )
            )
    return out


def wildcards(found: list[Statement]) -> list[Wildcard]:
    """Return every ``*`` in actions, resources and principals; a negated list counts as one."""
    out = []
    for item in found:
        for kind, values in (
            ("action", item.actions),
            ("resource", item.resources),
            ("principal", item.principals),
        ):
            out += [Wildcard(item.address, item.sid, kind, v) for v in values if "*" in v]
        if item.negated:
            out.append(Wildcard(item.address, item.sid, "action", "everything but a list"))
    return out


def refused(plan: dict[str, Any]) -> list[Wildcard]:
    """Return the wildcards of a plan that no allowance covers."""
    return [
        found
        for found in wildcards(statements(plan))
        if not any(entry.covers(found) for entry in ALLOWED)
    ]


def main() -> int:
    """Read a plan on standard input; print what is refused and return the exit code."""
    plan = json.load(sys.stdin)
    if not statements(plan):
        print("the plan holds no policy at all: not a plan of this project?", file=sys.stderr)
        return 2
    problems = refused(plan)
    for problem in problems:
        print(f"wildcard without a reason: {problem}", file=sys.stderr)
    print(f"{len(statements(plan))} policy statements, {len(problems)} refused")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
