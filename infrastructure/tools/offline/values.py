"""Values the stand-in gives to computed attributes: unknown in a plan, invented by a data source."""

from itertools import zip_longest
from typing import Any

from infrastructure.tools.offline.policy import render

Block = dict[str, Any]
Values = dict[str, Any]

REGION = "us-east-1"
KNOWN = {
    "account_id": "000000000000",
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
            for entry, was, now in zip_longest(value, before, (given or [])[:size]):
                mark_unknown(nested["block"], now or {}, was, entry, unknown)
    return planned


def invent(type_name: str, name: str, kind: Any) -> Any:
    """Return a value of a data source's attribute of this type."""
    if isinstance(kind, list):
        return {"list": [], "set": [], "map": {}}.get(kind[0])
    return {"string": f"{type_name}-{name}", "number": 0, "bool": False}.get(kind)


def read_data(type_name: str, block: Block, config: Values) -> Values:
    """Return a data source's answer: policies rendered, the account and region fixed."""
    for name, attribute in block["attributes"].items():
        if not attribute.get("computed") or config.get(name) is not None:
            continue
        if type_name == "aws_iam_policy_document" and name in ("json", "minified_json"):
            config[name] = render(config)
        else:
            config[name] = KNOWN.get(name) or invent(type_name, name, attribute["type"])
    return config
