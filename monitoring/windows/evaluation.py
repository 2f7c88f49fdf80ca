"""Evaluating a closed window: its figures and a verdict into the database."""

import logging

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from monitoring.errors import ReferenceMissingError, ReferenceUnusableError
from monitoring.settings import WindowSettings
from monitoring.windows import cutting, labelled, scored
from monitoring.windows.cutting import Window
from monitoring.windows.metric import Outcome, finite
from monitoring.windows.reference import Reference, ReferenceStore
from monitoring.windows.verdict import Verdict

_LOG = logging.getLogger(__name__)


class Evaluator:
    """Evaluates windows against the reference of their model version."""

    def __init__(self, references: ReferenceStore, settings: WindowSettings) -> None:
        self._references = references
        self._settings = settings

    def evaluate(self, cursor: Cursor, window: Window) -> Verdict:
        """Evaluate a window and store figures and verdict.

        A second evaluation is an update with the same values: number, closing time and the time
        of the first evaluation stay. Evidently looks at the window again.
        """
        reference, problem = self._reference(cursor, window.version)
        if window.kind == cutting.SCORED:
            minimum = self._settings.minimum_rows
            outcome = scored.evaluate(cursor, window, reference, problem, minimum)
        else:
            outcome = labelled.evaluate(cursor, window, reference, problem)
        _store(cursor, window, outcome)
        return outcome.verdict

    def _reference(self, cursor: Cursor, version: str) -> tuple[Reference | None, str]:
        try:
            reference = self._references.get(version)
        except (ReferenceMissingError, ReferenceUnusableError) as error:
            return None, str(error)
        execute_values(
            cursor,
            "INSERT INTO reference_stats (version, metric, column_name, label, value) VALUES %s"
            " ON CONFLICT (version, metric, column_name, label) DO NOTHING",
            [(version, *row) for row in reference.stats()],
        )
        return reference, ""


def _store(cursor: Cursor, window: Window, outcome: Outcome) -> None:
    cursor.execute("DELETE FROM window_metrics WHERE window_id = %s", (window.window_id,))
    kept = finite(outcome.metrics)
    if len(kept) < len(outcome.metrics):
        lost = sorted({m.metric for m in outcome.metrics} - {m.metric for m in kept})
        _LOG.warning("window %d: figures that are no number: %s", window.window_id, lost)
    execute_values(
        cursor,
        "INSERT INTO window_metrics (window_id, metric, column_name, label, value, method,"
        " threshold, failed) VALUES %s",
        [(window.window_id, *metric) for metric in kept],
        page_size=500,
    )
    cursor.execute(
        "UPDATE windows SET verdict = %s, reasons = %s, drifted = %s, reference_version = %s,"
        " audit = NULL,"
        " evaluated_at = coalesce(evaluated_at, clock_timestamp()) WHERE window_id = %s",
        (
            outcome.verdict.level,
            list(outcome.verdict.reasons),
            list(outcome.drifted),
            outcome.reference_version,
            window.window_id,
        ),
    )
