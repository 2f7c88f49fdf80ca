"""A reference set: which rows count, what is told of them, what cannot serve."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitoring.errors import ReferenceMissingError, ReferenceUnusableError
from monitoring.windows import drift
from monitoring.windows.reference import Reference, ReferenceStore
from tests.monitoring.support import cohort


def test_a_window_can_be_compared_with_it() -> None:
    """GIVEN a set as training writes it WHEN read THEN it has a window's columns and its figures."""
    reference = Reference("1", cohort.reference(500))
    assert list(reference.columns) == list(drift.COLUMNS)
    stats = {(metric, column, label): value for metric, column, label, value in reference.stats()}
    assert stats["rows", "", ""] == 500
    assert stats["f1_macro", "", ""] == reference.f1_macro > 0.4
    assert stats["minimum", "Absences", ""] == reference.bounds("Absences")[0]


@pytest.mark.parametrize(("recent", "rows"), [(199, 500), (200, 200)])
def test_recent_rows_are_the_baseline_where_there_are_enough(recent: int, rows: int) -> None:
    """GIVEN rows from the stream among older ones WHEN there are 200 THEN they alone count."""
    frame = cohort.reference(500)
    frame["recent"] = [k < recent for k in range(500)]
    assert len(Reference("1", frame).columns["Absences"]) == rows


def test_a_large_set_is_drawn_from_the_same_way_each_time() -> None:
    """GIVEN more rows than a window should cost WHEN read twice THEN the same 20,000."""
    frame = cohort.reference(20_500)
    first, second = Reference("1", frame).columns, Reference("1", frame).columns
    assert len(first["Absences"]) == 20_000
    assert all((first[name] == second[name]).all() for name in first)


def test_a_set_that_lacks_a_column_or_every_row_is_unusable() -> None:
    """GIVEN a set without Absences, or with no whole row WHEN read THEN the error says so."""
    frame = cohort.reference(10)
    with pytest.raises(ReferenceUnusableError, match="version 1 lacks Absences"):
        Reference("1", frame.drop(columns="Absences"))
    frame["gpa"] = None
    frame["GradeClass"] = float("nan")
    with pytest.raises(ReferenceUnusableError, match="has no row"):
        Reference("1", frame)


class _S3:
    """A bucket with what it is given; asked counts the questions."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = objects
        self.asked = 0

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # pylint: disable=invalid-name
        """Answer, or raise S3's error."""
        self.asked += 1
        name = Key.removeprefix("reference/v").removesuffix(".parquet")
        if name == "slow":
            raise ClientError({"Error": {"Code": "SlowDown"}}, Bucket)
        if f"v{name}" not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, Bucket)
        return {"Body": io.BytesIO(self.objects[f"v{name}"])}


def _parquet() -> bytes:
    body = io.BytesIO()
    cohort.reference(30).to_parquet(body, index=False)
    return body.getvalue()


def test_sets_in_use_are_fetched_once_and_few_are_kept() -> None:
    """GIVEN four versions WHEN the first three are asked for again THEN no fetch; the fourth ends one."""
    s3 = _S3(**dict.fromkeys(("v1", "v2", "v3", "v4"), _parquet()))
    store = ReferenceStore(s3, "bucket")
    for version in ("v1", "v2", "v3", "v1", "v2", "v3"):
        assert store.get(version).version == version
    assert s3.asked == 3
    store.get("v4")
    store.get("v1")
    assert s3.asked == 5


def test_missing_unreadable_and_away_are_told_apart() -> None:
    """GIVEN no set, one that is no parquet, S3 busy WHEN asked for THEN three different errors."""
    store = ReferenceStore(_S3(vbad=b"no parquet"), "bucket")
    with pytest.raises(ReferenceMissingError, match="s3://bucket/reference/v9.parquet"):
        store.get("v9")
    with pytest.raises(ReferenceUnusableError, match="no readable parquet"):
        store.get("vbad")
    with pytest.raises(ClientError, match="SlowDown"):
        store.get("vslow")
