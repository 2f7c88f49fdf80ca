"""Draw a plan as a Mermaid flowchart: the modules, what each makes, and who uses whose outputs.

    terraform show -json plan.bin | python -m infrastructure.tools.diagram

The drawing in infrastructure/README.md is this program's output for the production plan, and a test
compares the two.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

# Every module encrypts with the one key; fourteen more arrows would hide the others.
LEFT_OUT = "encryption"
MINOR = (
    "iam_",
    "policy",
    "_rule",
    "_association",
    "subnet_group",
    "_attachment",
    "public_access",
    "s3_bucket_",
    "route",
    "default_",
    "log_group",
    "parameter_group",
)


def references(expression: Any) -> Iterator[str]:
    """Yield every name that a module call's expressions refer to."""
    if isinstance(expression, dict):
        yield from expression.get("references", ())
        for key, value in expression.items():
            if key != "references":
                yield from references(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from references(value)


def edges(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (used, user) for every pair of the root's modules, sorted."""
    calls = plan["configuration"]["root_module"]["module_calls"]
    pairs = set()
    for user, call in calls.items():
        for name in references(call.get("expressions", {})):
            kind, _, rest = name.partition(".")
            if kind == "module":
                pairs.add((rest.split(".")[0].split("[")[0], user))
    return sorted(pairs)


def contents(plan: dict[str, Any]) -> dict[str, Counter[str]]:
    """Return the resource types of each of the root's modules with their counts."""
    made: dict[str, Counter[str]] = defaultdict(Counter)
    for change in plan["resource_changes"]:
        if change["mode"] == "managed" and change["address"].startswith("module."):
            module = change["address"].split(".")[1].split("[")[0]
            made[module][change["type"].removeprefix("aws_")] += 1
    return made


def label(module: str, types: Counter[str]) -> str:
    """Return a node's text: the module and its main resources."""
    named = {kind: count for kind, count in types.items() if not any(m in kind for m in MINOR)}
    parts = [kind + (f" x{count}" if count > 1 else "") for kind, count in sorted(named.items())]
    return "<br/>".join([f"<b>{module}</b>", *parts])


def draw(plan: dict[str, Any]) -> str:
    """Return the flowchart of a plan."""
    made = contents(plan)
    lines = ["flowchart LR"]
    lines += [f'  {module}["{label(module, types)}"]' for module, types in sorted(made.items())]
    lines += [
        f"  {used} --> {user}"
        for used, user in edges(plan)
        if used != LEFT_OUT and used in made and user in made
    ]
    return "\n".join(lines)


def main() -> int:
    """Read a plan on standard input and print its flowchart."""
    print(draw(json.load(sys.stdin)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
