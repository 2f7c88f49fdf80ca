"""The schema-only stand-in: policies as the provider renders them, values, and refusals."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infrastructure.tools.offline import policy, schema, values
from infrastructure.tools.offline.errors import SchemaError
from tests.infrastructure.conftest import LINT_PYTHON, REPOSITORY

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


def test_a_policy_is_rendered_as_iam_reads_it() -> None:
    document = {
        "statement": [
            {
                "sid": "Read",
                "actions": ["s3:ListBucket", "s3:GetObject"],
                "resources": ["arn:aws:s3:::x"],
                "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
                "condition": [
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}
                ],
            },
            {
                "effect": "Deny",
                "actions": ["s3:*"],
                "principals": [{"type": "*", "identifiers": ["*"]}],
            },
        ]
    }
    assert json.loads(policy.render(document)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "arn:aws:s3:::x",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            {"Effect": "Deny", "Action": "s3:*", "Principal": "*"},
        ],
    }


def test_source_documents_come_first() -> None:
    first = policy.render({"statement": [{"sid": "A", "actions": ["s3:GetObject"]}]})
    both = {"source_policy_documents": [first], "statement": [{"sid": "B", "actions": ["s3:Put"]}]}
    assert [item["Sid"] for item in json.loads(policy.render(both))["Statement"]] == ["A", "B"]


def test_what_nobody_set_is_unknown_and_then_settled() -> None:
    unknown = object()
    config = {"name": "x", "rule": [{}]}
    planned = {"arn": None, "name": "x", "size": None, "rule": [{"id": None}]}
    planned = values.mark_unknown(BLOCK, config, None, planned, unknown)
    assert planned == {"arn": unknown, "name": "x", "size": unknown, "rule": [{"id": unknown}]}
    settled = values.settle("aws_thing", BLOCK, planned, lambda value: value is unknown)
    assert settled["arn"].startswith("arn:aws:thing:") and settled["size"] == 0
    assert settled["rule"][0]["id"]


def test_what_was_stays() -> None:
    prior = {"arn": "arn:x", "name": "x", "size": 3, "rule": [{"id": "r"}]}
    planned = {"arn": None, "name": "x", "size": None, "rule": [{"id": None}]}
    config = {"name": "x", "rule": [{}]}
    assert values.mark_unknown(BLOCK, config, prior, planned, object()) == prior


def test_every_type_in_use_is_in_the_schema() -> None:
    loaded = schema.load()
    resources, data = schema.used_types()
    assert resources <= set(loaded["resource_schemas"]) and len(resources) > 50
    assert data <= set(loaded["data_source_schemas"])


def test_a_missing_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"resource_schemas": {}, "data_source_schemas": {}}', encoding="utf-8")
    with pytest.raises(SchemaError, match="aws_kinesis_stream"):
        schema.load(path)
    with pytest.raises(SchemaError, match="cannot be read"):
        schema.load(tmp_path / "none.json")


def test_trimming_names_what_the_provider_lacks() -> None:
    empty = {"block": {}}
    provider = {"provider": empty, "resource_schemas": {}, "data_source_schemas": {}}
    with pytest.raises(SchemaError, match="aws_nothing"):
        schema.trim({"provider_schemas": {schema.ADDRESS: provider}}, {"aws_nothing"}, set())


@pytest.mark.skipif(not LINT_PYTHON.exists(), reason="no .venv-lint: Terraform comes from there")
def test_an_unknown_variable_is_refused_in_terraforms_words() -> None:
    done = subprocess.run(
        [str(LINT_PYTHON), "-m", "infrastructure.tools.offline", "plan"]
        + ["infrastructure/vars/local.tfvars.json", "--var=region=nowhere"],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "terraform_offline" in done.stderr and "region must be an AWS region" in done.stderr
