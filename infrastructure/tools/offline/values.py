"""Values the stand-in gives to computed attributes: unknown in a plan, invented in an apply."""

from __future__ import annotations

import hashlib
import json
from itertools import zip_longest
from typing import Any, Callable

from infrastructure.tools.offline.policy import render

Block = dict[str, Any]
Values = dict[str, Any]

ACCOUNT = "000000000000"
REGION = "us-east-1"
KNOWN = {
    "account_id": ACCOUNT,
    "partition": "aws",
    "dns_suffix": "amazonaws.com",
    "region": REGION,
    "name": REGION,
    "names": [f"{REGION}{zone}" for zone in "abc"],
    "zone_ids": ["use1-az1", "use1-az2", "use1-az4"],
}


def mark_unknown(
    block: Block, config: Values, prior: Values | None, planned: Values, unknown: Any
) -> Values:
    """Fill computed attributes nobody set: from the prior state, else as unknown."""
    for name, attribute in block["attributes"].items():
        unset = planned.get(name) is None and config.get(name) is None
        if attribute.get("computed") and unset:
            before = prior.get(name) if prior else None
            planned[name] = unknown if before is None else before
    for name, nested in block["block_types"].items():
        value = planned.get(name)
        given = config.get(name)
        if isinstance(value, dict):
            mark_unknown(nested["block"], given or {}, (prior or {}).get(name), value, unknown)
        elif isinstance(value, list):
            size = len(value)
            before = ((prior or {}).get(name) or [])[:size]
            for item, was, now in zip_longest(value, before, (given or [])[:size]):
                mark_unknown(nested["block"], now or {}, was, item, unknown)
    return planned


def invent(type_name: str, name: str, kind: Any, values: Values) -> Any:
    """Return a value of the attribute's type, the same for the same resource."""
    given = [values.get(key) for key in ("name", "function_name", "bucket", "identifier")]
    label = next((text for text in given if isinstance(text, str)), None)
    if label is None:
        label = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
        label = label[:12]
    if kind == "string":
        if name == "arn":
            return f"arn:aws:{type_name.removeprefix('aws_')}:{REGION}:{ACCOUNT}:{label}"
        return label if name == "id" else f"{type_name}-{name}"
    if kind in ("number", "bool"):
        return 0 if kind == "number" else False
    return {"list": [], "set": [], "map": {}}.get(kind[0]) if isinstance(kind, list) else None


def settle(
    type_name: str, block: Block, values: Values, is_unknown: Callable[[Any], bool]
) -> Values:
    """Replace every unknown by an invented value: what an apply would return."""
    for name, attribute in block["attributes"].items():
        if is_unknown(values.get(name)):
            values[name] = None
            values[name] = invent(type_name, name, attribute["type"], values)
    for name, nested in block["block_types"].items():
        value = values.get(name)
        for item in [value] if isinstance(value, dict) else value or []:
            settle(type_name, nested["block"], item, is_unknown)
    return values


def read_data(type_name: str, block: Block, config: Values) -> Values:
    """Return a data source's answer: policies rendered, the account and region fixed."""
    for name, attribute in block["attributes"].items():
        if not attribute.get("computed") or config.get(name) is not None:
            continue
        if type_name == "aws_iam_policy_document" and name in ("json", "minified_json"):
            config[name] = render(config)
        else:
            known = KNOWN.get(name)
            config[name] = (
                invent(type_name, name, attribute["type"], config) if known is None else known
            )
    return config
