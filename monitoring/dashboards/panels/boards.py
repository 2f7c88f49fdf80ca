"""The dashboards there are."""

from __future__ import annotations

from typing import Final

from monitoring.dashboards.panels.model_board import MODEL
from monitoring.dashboards.panels.service_board import SERVICE

BOARDS: Final = (SERVICE, MODEL)
