"""Whose database DATABASE_URL names."""

from __future__ import annotations

import pytest

from localcloud.services.postgres import DATABASE, USER, other_database


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
