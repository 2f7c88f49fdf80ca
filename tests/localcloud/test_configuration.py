"""The variables file that Terraform and the local cloud share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.configuration import LOCAL_VARIABLES, load
from localcloud.errors import ConfigurationError
from localcloud.lambda_host.__main__ import settings_of


def written(tmp_path: Path, **changes: Any) -> Path:
    """Write the local variables with changes."""
    values = {**json.loads(LOCAL_VARIABLES.read_text(encoding="utf-8")), **changes}
    path = tmp_path / "x.tfvars.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def test_the_mapping_is_set_as_the_file_says(tmp_path: Path) -> None:
    """GIVEN mapping variables WHEN the host reads them THEN its settings are those."""
    settings = settings_of(
        load(written(tmp_path, mapping_batch_size=77, mapping_parallelization_factor=3))
    )
    assert (settings.batch_size, settings.parallelization, settings.bisect) == (77, 3, True)
    assert (settings.maximum_retries, settings.maximum_age, settings.window) == (100, 3600, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mapping_batch_size", 0),
        ("mapping_batch_size", 10_001),
        ("mapping_parallelization_factor", 11),
        ("mapping_batching_window_seconds", 301),
        ("mapping_starting_position", "NEWEST"),
        ("mapping_maximum_retry_attempts", -2),
        ("function_timeout_seconds", 901),
        ("stream_shard_count", "two"),
        ("students_stream_name", ""),
    ],
)
def test_what_aws_refuses_is_refused_by_name(tmp_path: Path, name: str, value: object) -> None:
    """GIVEN a value outside AWS's limits WHEN loaded THEN the error names file and variable."""
    with pytest.raises(ConfigurationError, match=rf"x\.tfvars\.json.*{name}"):
        load(written(tmp_path, **{name: value}))


def test_a_timestamp_goes_with_its_starting_position(tmp_path: Path) -> None:
    """GIVEN AT_TIMESTAMP without a time, or a time without it WHEN loaded THEN that is an error."""
    for changes in (
        {"mapping_starting_position": "AT_TIMESTAMP"},
        {"mapping_starting_position_timestamp": 1.0},
    ):
        with pytest.raises(ConfigurationError, match="mapping_starting_position_timestamp"):
            load(written(tmp_path, **changes))
    both = written(
        tmp_path, mapping_starting_position="AT_TIMESTAMP", mapping_starting_position_timestamp=1.0
    )
    assert load(both).mapping_starting_position_timestamp == 1.0


def test_a_missing_file_or_damaged_json_is_an_error_with_its_path(tmp_path: Path) -> None:
    """GIVEN no file, or no JSON WHEN loaded THEN the error names the path."""
    with pytest.raises(ConfigurationError, match="none.json cannot be read"):
        load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ConfigurationError, match="bad.json"):
        load(tmp_path / "bad.json")
