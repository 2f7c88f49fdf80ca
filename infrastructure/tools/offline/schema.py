"""The provider's schema: read it, and cut the full one down to the types this project uses.

The committed schema.json holds provider hashicorp/aws 6.66.0 in the form of
``terraform providers schema -json``. To renew it where the registry is reachable:

    terraform -chdir=infrastructure providers schema -json | python -m infrastructure.tools.offline.schema
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from infrastructure.tools.offline.errors import SchemaError

ADDRESS = "registry.terraform.io/hashicorp/aws"
FILE = Path(__file__).with_name("schema.json")
ROOT = Path(__file__).resolve().parents[2]
USE = re.compile(r'^\s*(resource|data)\s+"(aws_\w+)"', re.MULTILINE)
KEPT = ("type", "required", "optional", "computed", "sensitive")


def used_types(root: Path = ROOT) -> tuple[set[str], set[str]]:
    """Return the resource types and the data source types that the .tf files below root use."""
    types: dict[str, set[str]] = {"resource": set(), "data": set()}
    for path in root.rglob("*.tf"):
        for kind, name in USE.findall(path.read_text(encoding="utf-8")):
            types[kind].add(name)
    return types["resource"], types["data"]


def trim_block(block: dict[str, Any]) -> dict[str, Any]:
    """Return a schema block without descriptions and other texts."""
    return {
        "attributes": {
            name: {key: value for key, value in attribute.items() if key in KEPT and value}
            for name, attribute in block.get("attributes", {}).items()
        },
        "block_types": {
            name: {
                "nesting_mode": nested["nesting_mode"],
                "min_items": nested.get("min_items", 0),
                "max_items": nested.get("max_items", 0),
                "block": trim_block(nested["block"]),
            }
            for name, nested in block.get("block_types", {}).items()
        },
    }


def trim(full: dict[str, Any], resources: set[str], data: set[str]) -> dict[str, Any]:
    """Return the part of a full provider schema that the named types need; raises SchemaError."""
    provider = full["provider_schemas"][ADDRESS]

    def pick(kind: str, names: set[str]) -> dict[str, Any]:
        missing = sorted(names - set(provider[kind]))
        if missing:
            raise SchemaError(f"the provider's schema knows no {', '.join(missing)}")
        return {
            name: {
                "version": provider[kind][name]["version"],
                "block": trim_block(provider[kind][name]["block"]),
            }
            for name in sorted(names)
        }

    return {
        "provider": {"version": 0, "block": trim_block(provider["provider"]["block"])},
        "resource_schemas": pick("resource_schemas", resources),
        "data_source_schemas": pick("data_source_schemas", data),
    }


def load(path: Path = FILE) -> dict[str, Any]:
    """Return the committed schema; raises SchemaError where a type in use is not in it."""
    try:
        schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaError(f"{path} cannot be read: {error}") from error
    for kind, names in zip(("resource_schemas", "data_source_schemas"), used_types()):
        missing = sorted(names - set(schema[kind]))
        if missing:
            raise SchemaError(f"{path.name} lacks {', '.join(missing)}: renew it (see {__name__})")
    return schema


def main() -> int:
    """Trim the full schema on standard input to schema.json."""
    trimmed = trim(json.load(sys.stdin), *used_types())
    FILE.write_text(json.dumps(trimmed, sort_keys=True, indent=0) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
