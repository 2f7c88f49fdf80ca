"""Whose database DATABASE_URL names, and the password in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localcloud.services.postgres import DATABASE, USER, Postgres, other_database


@pytest.mark.parametrize(
    ("url", "other"),
    [
        (None, False),
        ("", False),
        (f"postgresql://{USER}@127.0.0.1:5432/{DATABASE}", False),
        ("postgresql://me@db.school.example/grades", True),
        (f"postgresql://{USER}:secret@127.0.0.1:5432/{DATABASE}", False),
        (f"postgresql://{USER}@127.0.0.1:5432/elsewhere", True),
    ],
)
def test_a_database_of_our_own_making_is_not_anothers(url: str | None, other: bool) -> None:
    """GIVEN a shell that sourced .local/env THEN its DATABASE_URL does not pass for somebody else's
    server.
    """
    given = other_database({"DATABASE_URL": url} if url is not None else {})
    assert given == (url if other else None)


def test_a_directory_cleared_before_the_start_keeps_the_password(tmp_path: Path) -> None:
    """GIVEN programs that were told the address WHEN the state is cleared THEN it still holds."""
    kept = tmp_path / Postgres.name / "password"
    kept.parent.mkdir()
    kept.write_text("of-an-earlier-run", encoding="ascii")
    server = Postgres(tmp_path)
    told = server.environment()
    assert "of-an-earlier-run" in told["DATABASE_URL"]
    shutil.rmtree(server.directory)
    assert server.environment() == told
