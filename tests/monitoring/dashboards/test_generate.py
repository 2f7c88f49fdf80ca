"""What Grafana is provisioned from is committed as the code makes it."""

from pathlib import Path

import pytest

from monitoring.dashboards.grafana import generate


def stale() -> list[Path]:
    """Return the committed files that differ from what the code makes."""
    made = generate.files().items()
    return [path for path, text in made if not path.exists() or path.read_text("utf-8") != text]


def test_no_committed_file_is_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GIVEN the repository WHEN compared THEN nothing differs; elsewhere everything is missing."""
    assert not stale()
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert len(stale()) == 3
    generate.main()
    assert not stale()
