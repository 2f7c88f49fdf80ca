"""The environment, read and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.settings import Configuration, ConfigurationError, from_environment


def test_defaults() -> None:
    """A bucket is all that must be named."""
    assert from_environment({"MODEL_BUCKET": "b"}) == Configuration(
        "student-performance", "b", None, 60.0, "", False, None
    )


def test_everything_set() -> None:
    """Each variable lands where it belongs; MODEL_LOCATION wins over MODEL_BUCKET."""
    environment = {
        "MODEL_BUCKET": "b",
        "MODEL_LOCATION": "/models",
        "MODEL_NAME": "m",
        "MODEL_REFRESH_SECONDS": "2.5",
        "PREDICTIONS_STREAM_NAME": "p",
        "CHALLENGER": "True",
        "CHALLENGER_STREAM_NAME": "c",
    }
    assert from_environment(environment) == Configuration(
        "m", None, Path("/models"), 2.5, "p", True, "c"
    )


def test_a_location_in_s3() -> None:
    """s3://BUCKET is MODEL_BUCKET spelled as a location."""
    found = from_environment({"MODEL_LOCATION": "s3://bucket/"})
    assert (found.model_bucket, found.model_location) == ("bucket", None)
    with pytest.raises(ConfigurationError, match="without a prefix"):
        from_environment({"MODEL_LOCATION": "s3://bucket/models"})


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "soon"])
def test_a_refresh_time_that_is_none(value: str) -> None:
    """The error names the variable and what it accepts."""
    with pytest.raises(ConfigurationError, match="MODEL_REFRESH_SECONDS must be a number"):
        from_environment({"MODEL_BUCKET": "b", "MODEL_REFRESH_SECONDS": value})


def test_no_model_named() -> None:
    """Neither bucket nor location: say both."""
    with pytest.raises(ConfigurationError, match="MODEL_BUCKET .* or MODEL_LOCATION"):
        from_environment({})
