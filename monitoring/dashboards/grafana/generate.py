"""Write what Grafana is provisioned from: ``python -m monitoring.dashboards.grafana.generate``."""

from pathlib import Path
from typing import Final

from monitoring.dashboards.grafana import alerts, dashboards
from monitoring.dashboards.panels import BOARDS

FOLDER: Final = Path(__file__).resolve().parent


def files() -> dict[Path, str]:
    """Return every generated file and what it must hold."""
    boards = {
        FOLDER / "dashboards" / f"{board.uid}.json": dashboards.encode(board) for board in BOARDS
    }
    return {**boards, FOLDER / "provisioning" / "alerting" / "rules.json": alerts.encode()}


def main() -> None:
    """Write every file."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(FOLDER))


if __name__ == "__main__":
    main()
