"""The dashboards there are."""

from __future__ import annotations

from typing import Final

from monitoring.panels.model_board import MODEL
from monitoring.panels.service_board import SERVICE

BOARDS: Final = (SERVICE, MODEL)
