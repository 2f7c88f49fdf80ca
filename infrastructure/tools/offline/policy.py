"""Render aws_iam_policy_document as the provider does, so that a plan holds the real policies."""

import json
from typing import Any


def one_or_many(values: list[str]) -> str | list[str]:
    """Return a single value bare and several sorted, as the provider prints them."""
    return values[0] if len(values) == 1 else sorted(values)


def render_statement(statement: dict[str, Any], default_effect: str = "Allow") -> dict[str, Any]:
    """Return one statement block in the form of IAM's JSON."""
    out: dict[str, Any] = {}
    if statement.get("sid"):
        out["Sid"] = statement["sid"]
    out["Effect"] = statement.get("effect") or default_effect
    for key, name in (
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ):
        if statement.get(key):
            out[name] = one_or_many(statement[key])
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        blocks = statement.get(key) or []
        if [block["type"] for block in blocks] == ["*"]:
            out[name] = "*"
        elif blocks:
            out[name] = {block["type"]: one_or_many(block["identifiers"]) for block in blocks}
    for block in statement.get("condition") or []:
        test = out.setdefault("Condition", {}).setdefault(block["test"], {})
        test[block["variable"]] = one_or_many(block["values"])
    return out


def render(document: dict[str, Any]) -> str:
    """Return the JSON of an aws_iam_policy_document's configuration."""
    sources = [json.loads(text) for text in document.get("source_policy_documents") or []]
    statements = [statement for source in sources for statement in source["Statement"]]
    statements += [render_statement(block) for block in document.get("statement") or []]
    return json.dumps({"Version": document.get("version") or "2012-10-17", "Statement": statements})
