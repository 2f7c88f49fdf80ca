"""Rewrite a plan as one flat configuration that an older provider's schema accepts."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from infrastructure.offline.policy import render
from infrastructure.review import documents

Values = dict[str, Any]
# Types the old provider knows and that cannot be rehearsed with it all the same.
UNFIT = {
    "aws_s3_bucket_ownership_controls": "the value BucketOwnerEnforced is newer than the provider",
    "aws_cloudwatch_metric_alarm": "the emulator's DescribeAlarms does not answer so old an SDK",
}
# Since 2023 S3 encrypts every new bucket by itself, which so old a provider takes for a change.
IGNORED = {"aws_s3_bucket": ["server_side_encryption_configuration"]}
# A literal carries no reference, so the order is given: what holds others first, the mapping last.
HOLDERS = ("bucket", "stream", "queue", "topic", "repository", "role", "log_group")
LATE = ("aws_lambda_function", "aws_lambda_event_source_mapping")
STEP = re.compile(r'module\.([\w-]+)(?:\[("[^"]*"|\d+)\])?')


class Flat(NamedTuple):
    """Resources by type and name, and by address the type that was left out and why."""

    resources: dict[str, dict[str, Values]]
    left_out: dict[str, tuple[str, str]]


def flat_name(address: str) -> str:
    """Return an address as one Terraform name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", address).strip("_")


def escape(value: Any) -> Any:
    """Return a planned value as a literal: Terraform must not read ``${`` in it again."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [escape(item) for item in value]
    if isinstance(value, dict):
        return {key: escape(item) for key, item in value.items()}
    return value


def rank(kind: str) -> int:
    """Return when a type is made: key, holders, what is attached to them, function, mapping."""
    if kind in LATE:
        return 3 + LATE.index(kind)
    if kind == "aws_kms_key":
        return 0
    return 1 if kind.endswith(HOLDERS) else 2


def ordered(resources: dict[str, dict[str, Values]]) -> dict[str, dict[str, Values]]:
    """Return the resources, each waiting for all of the rank before its own."""
    by_rank: dict[int, list[str]] = {}
    for kind, named in resources.items():
        by_rank.setdefault(rank(kind), []).extend(f"{kind}.{name}" for name in named)
    ranks = sorted(by_rank)
    before = {later: sorted(by_rank[earlier]) for earlier, later in zip(ranks, ranks[1:])}
    return {
        kind: {
            name: {**body, "depends_on": before[rank(kind)]} if rank(kind) in before else body
            for name, body in named.items()
        }
        for kind, named in resources.items()
    }


class Flattener:
    """Holds a plan while its resources are rewritten."""

    def __init__(self, plan: dict[str, Any], schemas: dict[str, Any]) -> None:
        self.schemas = schemas
        self.root = plan["configuration"]["root_module"]
        self.policies = dict(documents(plan))
        self.changes = {
            change["address"]: change
            for change in plan["resource_changes"]
            if change["mode"] == "managed" and "create" in change["change"]["actions"]
        }

    def flatten(self) -> Flat:
        """Return the configuration of everything the older provider can make."""
        resources: dict[str, dict[str, Values]] = {}
        left_out: dict[str, tuple[str, str]] = {}
        for address, change in self.changes.items():
            schema = self.schemas.get(change["type"])
            if schema is None:
                left_out[address] = (change["type"], "the provider knows no such resource")
                continue
            if change["type"] in UNFIT:
                left_out[address] = (change["type"], UNFIT[change["type"]])
                continue
            block = schema["block"]
            path = STEP.findall(change.get("module_address", ""))
            body = self.body(
                block,
                change["change"]["after"],
                change["change"]["after_unknown"],
                self.expressions(path, change),
                path,
            )
            missing = [
                name
                for name, attribute in block.get("attributes", {}).items()
                if attribute.get("required") and name not in body
            ]
            if missing:
                reason = f"{', '.join(missing)} cannot be written for it"
                left_out[address] = (change["type"], reason)
            else:
                if change["type"] in IGNORED:
                    body["lifecycle"] = {"ignore_changes": IGNORED[change["type"]]}
                resources.setdefault(change["type"], {})[flat_name(address)] = body
        return Flat(ordered(resources), left_out)

    def module(self, path: list[tuple[str, str]]) -> dict[str, Any]:
        """Return the configuration of the module at a path."""
        module: dict[str, Any] = self.root
        for name, _ in path:
            module = module["module_calls"][name]["module"]
        return module

    def expressions(self, path: list[tuple[str, str]], change: dict[str, Any]) -> Values:
        """Return the expressions that a resource is written with."""
        for resource in self.module(path)["resources"]:
            if (resource["type"], resource["name"]) == (change["type"], change["name"]):
                found: Values = resource.get("expressions", {})
                return found
        return {}

    def body(
        self, block: Values, after: Values, unknown: Any, written: Any, path: list[tuple[str, str]]
    ) -> Values:
        """Return a block's arguments: known values as literals, unknown ones as references."""
        out: Values = {}
        unknown = unknown if isinstance(unknown, dict) else {}
        written = written if isinstance(written, dict) else {}
        for name, attribute in block.get("attributes", {}).items():
            if name == "tags_all" or not (attribute.get("optional") or attribute.get("required")):
                continue
            if after.get(name) is not None:
                out[name] = escape(after[name])
            elif unknown.get(name) is True:
                reference = self.resolve(written.get(name), path)
                if reference is not None:
                    out[name] = reference
        for name, nested in block.get("block_types", {}).items():
            items = after.get(name) or []
            if not isinstance(items, list):
                continue
            unknowns = unknown.get(name) if isinstance(unknown.get(name), list) else []
            sources = written.get(name) if isinstance(written.get(name), list) else []
            bodies = [
                self.body(
                    nested["block"],
                    item,
                    unknowns[index] if index < len(unknowns) else {},
                    sources[index] if index < len(sources) else {},
                    path,
                )
                for index, item in enumerate(items)
            ]
            if bodies:
                out[name] = bodies
        return out

    def resolve(self, expression: Any, path: list[tuple[str, str]]) -> str | None:
        """Return what an expression refers to, in the flat configuration; None if it is more."""
        names = expression.get("references", []) if isinstance(expression, dict) else []
        if not names:
            return None
        kind, _, rest = names[0].partition(".")
        if kind == "var" and path:
            call = self.module(path[:-1])["module_calls"][path[-1][0]]
            return self.resolve(call["expressions"].get(rest.split(".")[0]), path[:-1])
        if kind == "module":
            step = STEP.match(names[0])
            output = names[0].rpartition(".")[2]
            if step is None:
                return None
            inner = [*path, (step[1], step[2] or "")]
            found = self.module(inner).get("outputs", {}).get(output, {})
            return self.resolve(found.get("expression"), inner)
        prefix = ".".join(f"module.{name}" + (f"[{key}]" if key else "") for name, key in path)
        if kind == "data":
            document = self.policies.get(".".join(filter(None, [prefix, names[1]])))
            return None if document is None else escape(known_policy(document))
        return self.reference(names[0], prefix)

    def reference(self, name: str, prefix: str) -> str | None:
        """Return the flat reference of a resource's attribute, if there is exactly one."""
        found = re.match(r"(aws_\w+)\.(\w+)(?:\[[^\]]*\])?\.(\w+)$", name)
        if found is None:
            return None
        address = ".".join(filter(None, [prefix, f"{found[1]}.{found[2]}"]))
        matches = [a for a in self.changes if a == address or a.startswith(f"{address}[")]
        if len(matches) != 1 or found[1] not in self.schemas:
            return None
        return f"${{{found[1]}.{flat_name(matches[0])}.{found[3]}}}"


def known_policy(document: Values) -> str:
    """Return a policy with the statements whose resources are known at plan time."""
    statements = []
    for block in document.get("statement") or []:
        named = block.get("resources")
        kept = [item for item in named or [] if item is not None]
        if named is None or kept:
            statements.append({**block, "resources": kept or None})
    return json.dumps(json.loads(render({"statement": statements})), sort_keys=True)
