"""The environment, read and checked."""

from __future__ import annotations

import pytest

from contract.environment import SettingsError
from inference.settings import Settings, read_settings


def test_defaults() -> None:
    """A bucket is all that must be named."""
    assert read_settings({"MODEL_BUCKET": "b"}) == Settings(
        "student-performance", "b", None, 60.0, ""
    )


def test_everything_set() -> None:
    """Each variable lands where it belongs; MODEL_LOCATION wins over MODEL_BUCKET."""
    environment = {
        "MODEL_BUCKET": "b",
        "MODEL_LOCATION": "/models",
        "MODEL_NAME": "m",
        "MODEL_REFRESH_SECONDS": "2.5",
        "PREDICTIONS_STREAM_NAME": "p",
    }
    assert read_settings(environment) == Settings("m", None, "/models", 2.5, "p")


def test_a_location_in_s3() -> None:
    """s3://BUCKET is MODEL_BUCKET spelled as a location."""
    settings = read_settings({"MODEL_LOCATION": "s3://bucket/"})
    assert (settings.model_bucket, settings.model_location) == ("bucket", None)
    with pytest.raises(SettingsError, match="without a prefix"):
        read_settings({"MODEL_LOCATION": "s3://bucket/models"})


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "soon"])
def test_a_refresh_time_that_is_none(value: str) -> None:
    """The error names the variable and what it accepts."""
    with pytest.raises(SettingsError, match="MODEL_REFRESH_SECONDS must be a number"):
        read_settings({"MODEL_BUCKET": "b", "MODEL_REFRESH_SECONDS": value})


def test_no_model_named() -> None:
    """Neither bucket nor location: say both."""
    with pytest.raises(SettingsError, match="MODEL_BUCKET .* or MODEL_LOCATION"):
        read_settings({})
