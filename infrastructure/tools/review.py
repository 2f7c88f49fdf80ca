"""Refuse a plan with an IAM wildcard that nobody gave a reason for, or a role without its boundary.

    terraform show -json plan.bin | python -m infrastructure.tools.review

Reads every aws_iam_policy_document of a plan (``terraform show -json``), those that are read during
the plan and those that wait for the apply. Standard library only, so that a deployment can run it
between the plan and the apply. Values that are unknown at plan time are references to a resource's
own ARN; that none of them is a pattern is checked on the sources (tests/infrastructure).
"""

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
    """A value with ``*`` or ``?`` in a statement; ``kind`` is action, resource or principal."""

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

    def covers(self, wildcard: Wildcard) -> bool:
        """Whether this entry accepts the wildcard."""
        return self.kind == wildcard.kind and all(
            re.fullmatch(pattern, text)
            for pattern, text in (
                (self.address, wildcard.address),
                (self.sid, wildcard.sid),
                (self.value, wildcard.value),
            )
        )


ANY = r".*"
OBJECTS = r"arn:aws[a-z-]*:s3:::[a-z0-9-]+"
LOGS = r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d+:log-group"
OWN = r"student-performance-[a-z0-9]+"
GITHUB = r"module\.github.*"
# Made by bootstrap, which no workflow applies; what these may do is written with the boundary.
ADMINISTRATORS = r"module\.github\.aws_iam_role\.this\[.*\]"
ALLOWED = (
    Allowance(
        r".*encryption.*\.key",
        ANY,
        "resource",
        r"\*",
        "a key policy cannot name the key that it belongs to; here * is that key and no other",
    ),
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
        rf"{OBJECTS}/\*",
        "a refusal: every object of the bucket",
    ),
    Allowance(r".*\.tls_only", "Deny.*", "principal", r"\*", "a refusal: whoever asks"),
    Allowance(
        ANY,
        "Trace",
        "resource",
        r"\*",
        "X-Ray knows no resource ARN for PutTraceSegments and PutTelemetryRecords",
    ),
    Allowance(
        ANY,
        "ReadModel|Publish",
        "resource",
        rf"{OBJECTS}/models/[a-z0-9-]+/\*",
        "the objects of one model's folder; their keys hold the version",
    ),
    Allowance(
        ANY,
        "Artifacts|ManageArtifacts|ReadReferenceAndOutcomes|WriteReports|ReadVerdict",
        "resource",
        rf"{OBJECTS}/(datasets|mlflow|outcomes|reference|reports)/\*",
        "the objects of one kind; their keys hold the run or version",
    ),
    Allowance(
        ANY,
        "WriteLogs",
        "resource",
        rf"{LOGS}:[\w/-]+:log-stream:\*",
        "the streams of one log group; AWS chooses their names",
    ),
    Allowance(
        ANY,
        "LogInToRegistry",
        "resource",
        r"\*",
        "ecr:GetAuthorizationToken knows no resource; what it opens is in another statement",
    ),
    Allowance(
        ANY,
        "OpenSessions",
        "resource",
        r"\*",
        "the session channels of Systems Manager know no resource",
    ),
    Allowance(
        GITHUB,
        "Enumerate",
        "resource",
        r"\*",
        "describe and list calls that know no resource; settings, no data",
    ),
    Allowance(
        GITHUB,
        "CreateKey|CreateMapping",
        "resource",
        r"\*",
        "what is created has no ARN yet; a condition on tags or on the function narrows it",
    ),
    Allowance(
        r"module\.github\.data\.aws_iam_policy_document\.boundary",
        ANY,
        "resource",
        ANY,
        "the ceiling of the service's roles: it grants nothing, and takes away all that is not in it",
    ),
    Allowance(
        GITHUB,
        "ReadKey|ReadEnvironment|ManageKey|DecryptVerdict|UseVersionsKey|ReadMapping|UpdateMapping",
        "resource",
        r"arn:aws[a-z-]*:(kms:.*:key/|lambda:.*:event-source-mapping:)\*",
        "AWS chooses the identifier; a condition on tags or on the function narrows it",
    ),
    Allowance(
        GITHUB,
        "ManageAlarms|ReadLogGroupsAndAlarms",
        "resource",
        rf"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d+:alarm:{OWN}-\*",
        "the alarms of this environment, by their prefix",
    ),
    Allowance(
        ANY,
        "RegisterTasks|RunTask",
        "resource",
        rf"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d+:task-definition/{OWN}-[a-z]+:\*",
        "the revisions of one task definition; AWS counts them",
    ),
    Allowance(
        GITHUB,
        "DescribeSecret",
        "resource",
        rf"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d+:secret:({OWN}-(operator|web)-\?{{6}}|rds!db-\*)",
        "AWS appends six characters to a secret's name, and RDS chooses the name of its own",
    ),
)


def resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the resources of a state's module and of its child modules."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def documents(plan: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (address, values) of every policy document of the plan."""
    state = plan.get("prior_state", {}).get("values", {}).get("root_module", {})
    for resource in resources(state):
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


def wildcards(written: list[Statement]) -> list[Wildcard]:
    """Return every ``*`` and ``?`` in the statements; a negated list counts as one."""
    out = []
    for statement in written:
        where = statement.address, statement.sid
        for kind in ("action", "resource", "principal"):
            values = getattr(statement, f"{kind}s")
            out += [Wildcard(*where, kind, value) for value in values if re.search(r"[*?]", value)]
        if statement.negated:
            out.append(Wildcard(*where, "action", "everything but a list"))
    return out


def refused(plan: dict[str, Any]) -> list[Wildcard]:
    """Return the wildcards of a plan that no allowance covers."""
    return [
        wildcard
        for wildcard in wildcards(statements(plan))
        if not any(entry.covers(wildcard) for entry in ALLOWED)
    ]


def unbounded(plan: dict[str, Any]) -> list[str]:
    """Return the addresses of the planned roles that lack their environment's boundary."""
    environment = plan.get("variables", {}).get("environment", {}).get("value", "")
    boundary = rf"arn:aws[a-z-]*:iam::\d+:policy/student-performance-{environment}-boundary"
    return [
        change["address"]
        for change in plan.get("resource_changes", [])
        if change["type"] == "aws_iam_role"
        and change["change"].get("after")
        and not re.fullmatch(ADMINISTRATORS, change["address"])
        and not re.fullmatch(boundary, change["change"]["after"].get("permissions_boundary") or "")
    ]


def main() -> int:
    """Read a plan on standard input; print what is refused and return the exit code."""
    plan = json.load(sys.stdin)
    if not statements(plan):
        print("the plan holds no policy at all: not a plan of this project?", file=sys.stderr)
        return 2
    problems = [f"wildcard without a reason: {found}" for found in refused(plan)]
    problems += [f"role without its permissions boundary: {found}" for found in unbounded(plan)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(statements(plan))} policy statements, {len(problems)} refused")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
