"""What the dashboards show, said once: Grafana's JSON and the HTML report are made from it."""

from typing import Final

from monitoring.dashboards.panels.model_board import MODEL
from monitoring.dashboards.panels.service_board import SERVICE

BOARDS: Final = (SERVICE, MODEL)
