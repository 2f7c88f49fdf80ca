"""Evidently behind the verdict: its figures of a window, its page, and whether it agrees.

A verdict rests on ``figures`` and waits for nobody. Evidently computes the same figures afterwards,
of every window while it keeps up; when it does not, of those that warn or alarm and of every tenth,
the rest is marked as skipped. Its values replace those they agree with; a difference is an event.
"""

import gzip
import logging
import math
from typing import Any, Final

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from monitoring.errors import ReferenceMissingError, ReferenceUnusableError
from monitoring.loop import AWAY
from monitoring.storage import database
from monitoring.storage.events import note
from monitoring.windows import cutting, evidently_adapter, labelled, scored, verdict
from monitoring.windows.cutting import Window
from monitoring.windows.evidently_adapter import Evaluation
from monitoring.windows.metric import Metric, finite
from monitoring.windows.reference import Reference, ReferenceStore

_LOG = logging.getLogger(__name__)

AGREES: Final = "agrees"
DIFFERS: Final = "differs"
SKIPPED: Final = "skipped"
FAILED: Final = "failed"

BEHIND: Final = 20
"""With more windows than this waiting, those without news are sampled."""
SAMPLED: Final = 10
TOLERANCE: Final = 1e-6


def is_kept(policy: str, level: str) -> bool:
    """Return whether a window's page is kept: of all windows, of those that warn, or of none."""
    return policy == "all" or (policy == "notable" and level in (verdict.WARN, verdict.ALARM))


def differences(own: dict[tuple[str, str, str], float], theirs: list[Metric]) -> list[str]:
    """Return a line for each figure of Evidently's that is not the one the verdict rests on."""
    lines = []
    for metric in theirs:
        mine = own.get(metric[:3], math.nan)
        if not abs(mine - metric.value) <= TOLERANCE * max(1.0, abs(metric.value)):
            name = " ".join(part for part in metric[:3] if part)
            lines.append(f"{name} is {metric.value:.6g} by Evidently, {mine:.6g} in the verdict")
    return lines


class Reports:
    """Runs Evidently over evaluated windows; several workers may do so side by side."""

    def __init__(self, references: ReferenceStore, s3: Any, bucket: str, policy: str) -> None:
        self._references = references
        self._s3 = s3
        self._bucket = bucket
        self._policy = policy

    def step(self, connection: Connection) -> int:
        """Look at one window; return 1, or 0 where none waits. A repetition gives the same."""
        with database.transaction(connection) as cursor:
            _skip(cursor)
            cursor.execute(
                "SELECT window_id, verdict FROM windows WHERE audit IS NULL AND verdict IS NOT NULL"
                " ORDER BY verdict NOT IN ('warn', 'alarm'), window_id LIMIT 1"
                " FOR UPDATE SKIP LOCKED"
            )
            due = cursor.fetchone()
            if due is None:
                return 0
            number, level = due
            window = cutting.load(cursor, number)
            assert window is not None
            audit, key = self._look(cursor, window, level)
            cursor.execute(
                "UPDATE windows SET audit = %s, report_key = coalesce(%s, report_key)"
                " WHERE window_id = %s",
                (audit, key, number),
            )
        return 1

    def _look(self, cursor: Cursor, window: Window, level: str) -> tuple[str, str | None]:
        try:
            evaluation = _evaluate(cursor, window, self._references.get(window.version))
            if evaluation is None:
                return SKIPPED, None
            key = self._keep(window, evaluation) if is_kept(self._policy, level) else None
        except (ReferenceMissingError, ReferenceUnusableError):
            return SKIPPED, None
        except AWAY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Evidently's own code: one window it cannot bear must not hold up the others.
            words = f"Evidently failed on window {window.window_id}: {type(error).__name__}"
            _LOG.exception(words)
            note(cursor, f"audit:{window.window_id}:failed", "audit", window.version, words)
            return FAILED, None
        theirs = finite(evaluation.metrics)
        if lines := differences(_own(cursor, window), theirs):
            words = f"window {window.window_id}: {'; '.join(lines)}"
            _LOG.error(words)
            note(cursor, f"audit:{window.window_id}", "audit", window.version, words)
        for metric in theirs:
            cursor.execute(
                "UPDATE window_metrics SET value = %s WHERE window_id = %s AND metric = %s"
                " AND column_name = %s AND label = %s",
                (metric.value, window.window_id, *metric[:3]),
            )
        return (DIFFERS if lines else AGREES), key

    def _keep(self, window: Window, evaluation: Evaluation) -> str | None:
        """Keep Evidently's page in S3 (gzip: 4 MB become 1.2) and return its key."""
        if not self._bucket:
            return None
        key = f"reports/{window.version}/{window.kind}-{window.after_row:012d}.html"
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=gzip.compress(evaluation.html().encode(), 4, mtime=0),
            ContentType="text/html; charset=utf-8",
            ContentEncoding="gzip",
        )
        return key


def _skip(cursor: Cursor) -> None:
    cursor.execute(
        "UPDATE windows SET audit = %s WHERE audit IS NULL AND verdict IN ('ok', 'insufficient')"
        " AND window_id %% %s <> 0 AND window_id <= (SELECT window_id FROM windows"
        " WHERE audit IS NULL AND verdict IS NOT NULL ORDER BY window_id DESC OFFSET %s LIMIT 1)",
        (SKIPPED, SAMPLED, BEHIND),
    )


def _own(cursor: Cursor, window: Window) -> dict[tuple[str, str, str], float]:
    cursor.execute(
        "SELECT metric, column_name, label, value FROM window_metrics WHERE window_id = %s",
        (window.window_id,),
    )
    return {(metric, column, label): value for metric, column, label, value in cursor.fetchall()}


def _evaluate(cursor: Cursor, window: Window, reference: Reference) -> Evaluation | None:
    """Return Evidently's figures and page; None where retention has taken the rows since."""
    if window.kind == cutting.SCORED:
        columns, probabilities = scored.load(cursor, window)
        whole = 0 < len(probabilities) == window.row_count
        return evidently_adapter.evaluate_scored(columns, reference) if whole else None
    rows = labelled.load(cursor, window)
    if not 0 < len(rows.truth) == window.row_count:
        return None
    return evidently_adapter.evaluate_labelled(labelled.columns_of(rows), reference)
