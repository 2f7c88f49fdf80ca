"""Computed attributes: unknown in a plan, kept from a state, invented by a data source."""

from __future__ import annotations

from typing import Any

from infrastructure.tools.offline import values

BLOCK: dict[str, Any] = {
    "attributes": {
        "arn": {"type": "string", "computed": True},
        "name": {"type": "string", "required": True},
        "size": {"type": "number", "optional": True, "computed": True},
    },
    "block_types": {
        "rule": {
            "nesting_mode": "list",
            "block": {
                "attributes": {"id": {"type": "string", "computed": True}},
                "block_types": {},
            },
        }
    },
}


def test_what_nobody_set_is_unknown() -> None:
    unknown = object()
    config = {"name": "x", "rule": [{}]}
    planned = {"arn": None, "name": "x", "size": None, "rule": [{"id": None}]}
    planned = values.mark_unknown(BLOCK, config, None, planned, unknown)
    assert planned == {"arn": unknown, "name": "x", "size": unknown, "rule": [{"id": unknown}]}


def test_what_was_stays() -> None:
    prior = {"arn": "arn:x", "name": "x", "size": 3, "rule": [{"id": "r"}]}
    planned = {"arn": None, "name": "x", "size": None, "rule": [{"id": None}]}
    config = {"name": "x", "rule": [{}]}
    assert values.mark_unknown(BLOCK, config, prior, planned, object()) == prior


def test_a_data_source_answers_what_is_known_and_invents_the_rest() -> None:
    block = {
        "attributes": {
            "account_id": {"type": "string", "computed": True},
            "tags": {"type": ["map", "string"], "computed": True},
            "count": {"type": "number", "computed": True},
            "owner": {"type": "string", "computed": True},
            "filter": {"type": "string", "optional": True},
        }
    }
    assert values.read_data("aws_thing", block, {"filter": "x", "owner": "given"}) == {
        "account_id": "000000000000",
        "tags": {},
        "count": 0,
        "owner": "given",
        "filter": "x",
    }
