"""What Grafana is provisioned from is committed as the code makes it."""

from pathlib import Path

import pytest

from monitoring.dashboards.grafana import generate


def test_no_committed_file_is_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GIVEN the repository WHEN compared THEN nothing differs; elsewhere everything is missing."""
    assert not generate.stale()
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert len(generate.stale()) == 3
    generate.main()
    assert not generate.stale()
