"""Mage's tables of students are cleared, what else it keeps is not."""

from __future__ import annotations

from pathlib import Path

from monitoring.students.caches import clear


def test_the_outputs_of_blocks_go(tmp_path: Path) -> None:
    """GIVEN two pipelines' outputs beside Mage's database WHEN cleared THEN they alone are gone."""
    for pipeline in ("data_processing", "retraining"):
        folder = tmp_path / "pipelines" / pipeline / ".variables" / "7" / "split"
        folder.mkdir(parents=True)
        (folder / "data.parquet").write_bytes(b"rows")
    (tmp_path / "mage-ai.db").write_bytes(b"runs")
    assert clear(tmp_path) == 2
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["mage-ai.db"]
    assert clear(tmp_path) == clear(tmp_path / "nowhere") == 0
