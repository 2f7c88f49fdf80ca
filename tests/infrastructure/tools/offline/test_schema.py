"""The committed schema holds every type in use, and says which it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.tools.offline import schema
from infrastructure.tools.offline.errors import SchemaError


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
