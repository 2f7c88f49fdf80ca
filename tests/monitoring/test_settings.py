"""The environment is checked at start."""

import msgspec
import pytest

from contract.environment import SettingsError
from monitoring import settings

BASE = {"DATABASE_URL": "postgresql://x@127.0.0.1/y"}


def test_defaults_are_the_recommended_ones() -> None:
    """GIVEN only a database WHEN loaded THEN windows of 200 rows, at least 100, and no alerts."""
    configured = settings.load(BASE)
    assert (configured.windows.rows, configured.windows.minimum_rows) == (200, 100)
    assert not configured.alerts.recipients


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must be a postgresql"),
        ("WINDOW_ROWS", "ten", "WINDOW_ROWS must be a whole number from 20"),
        ("WINDOW_ROWS", "nan", "WINDOW_ROWS must be"),
        ("WINDOW_ROWS", "25.5", "WINDOW_ROWS must be a whole number"),
        ("WINDOW_LIMIT_SECONDS", "-1", "from 0.1"),
        ("WINDOW_REPORTS", "some", "one of all, none, notable"),
        ("INGEST_START", "EARLIEST", "one of LATEST, TRIM_HORIZON"),
        ("ALERT_RECIPIENTS", "not an address", "each a mail address"),
        ("ALERT_RECIPIENTS", "a@b.example", "ALERT_SENDER is not"),
        ("ALERT_SENDER", "nobody", "ALERT_SENDER must be a mail address"),
        ("RETRAIN_TRIALS", "0", "from 1"),
        ("WINDOW_MINIMUM_ROWS", "201", "WINDOW_MINIMUM_ROWS must not be more than WINDOW_ROWS"),
        ("WINDOW_CATCH_UP_ROWS", "199", "WINDOW_CATCH_UP_ROWS must not be fewer than WINDOW_ROWS"),
    ],
)
def test_a_bad_value_is_named_with_what_is_accepted(name: str, value: str, words: str) -> None:
    """GIVEN one bad variable WHEN loaded THEN the error names it and what it takes."""
    with pytest.raises(SettingsError, match=words):
        settings.load({**BASE, name: value})


@pytest.mark.parametrize(("rows", "minimum", "catch_up"), [(50, 50, 2000), (5000, 100, 5000)])
def test_what_is_not_set_follows_the_rows_of_a_window(
    rows: int, minimum: int, catch_up: int
) -> None:
    """GIVEN only WINDOW_ROWS WHEN loaded THEN the two limits beside it fit."""
    windows = settings.load({**BASE, "WINDOW_ROWS": str(rows)}).windows
    assert (windows.minimum_rows, windows.catch_up_rows) == (minimum, catch_up)


def test_settings_travel_to_the_ingest_process_unchanged() -> None:
    """GIVEN settings with everything in groups WHEN written and read as JSON THEN they are equal."""
    environment = {"ALERT_SENDER": "a@b.example", "ALERT_RECIPIENTS": "c@d.example, e@f.example"}
    configured = settings.load({**BASE, **environment, "WINDOW_ROWS": "50"})
    assert configured.alerts.recipients == ("c@d.example", "e@f.example")
    copy = msgspec.json.decode(msgspec.json.encode(configured), type=settings.Settings)
    assert copy == configured
