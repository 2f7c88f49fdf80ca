"""The steps of the schema, as files."""

import re

import pytest

from monitoring.errors import MigrationError
from monitoring.storage import migrate
from monitoring.storage.migrate import Migration, migrations


def test_steps_are_numbered_without_a_gap() -> None:
    """GIVEN the SQL files WHEN read THEN 1..n in order, each with SQL and a digest of its own."""
    steps = migrations()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert len({step.digest for step in steps}) == len(steps)
    assert all(step.sql.strip() for step in steps)


def test_a_changed_text_has_another_digest() -> None:
    """GIVEN a step WHEN one character of its SQL changes THEN its digest does."""
    step = Migration(1, "first", "CREATE TABLE t ();")
    assert step.digest != step._replace(sql="CREATE TABLE u ();").digest


def test_a_gap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a pattern that misses the first file WHEN read THEN MigrationError lists what is there."""
    monkeypatch.setattr(migrate, "_NAME", re.compile(r"^(000[2-9])_([a-z0-9_]+)\.sql$"))
    with pytest.raises(MigrationError, match=r"not numbered 1\.\.n: 2, 3"):
        migrations()
