"""The environment is checked at start."""

import pytest

from monitoring import settings
from monitoring.errors import SettingsError

BASE = {"DATABASE_URL": "postgresql://x@127.0.0.1/y"}


def test_defaults_are_the_recommended_ones() -> None:
    """GIVEN only a database WHEN loaded THEN windows of 200 rows, at least 100, and no alerts."""
    found = settings.load(BASE)
    assert (found.windows.rows, found.windows.minimum_rows) == (200, 100)
    assert not found.alerts.recipients


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must be set"),
        ("WINDOW_ROWS", "ten", "WINDOW_ROWS is 'ten'; accepted: a number from 20"),
        ("WINDOW_ROWS", "nan", "WINDOW_ROWS is 'nan'"),
        ("WINDOW_ROWS", "25.5", "WINDOW_ROWS is 25.5; accepted: a whole number"),
        ("WINDOW_LIMIT_SECONDS", "-1", "from 0.1"),
        ("WINDOW_REPORTS", "some", "accepted: all, notable, none"),
        ("INGEST_START", "EARLIEST", "accepted: TRIM_HORIZON, LATEST"),
        ("ALERT_RECIPIENTS", "not an address", "is no address"),
        ("ALERT_RECIPIENTS", "a@b.example", "ALERT_SENDER is not"),
        ("RETRAIN_TRIALS", "0", "from 1"),
    ],
)
def test_a_bad_value_is_named_with_what_is_accepted(name: str, value: str, words: str) -> None:
    """GIVEN one bad variable WHEN loaded THEN the error names it and what it takes."""
    with pytest.raises(SettingsError, match=words):
        settings.load({**BASE, name: value})
