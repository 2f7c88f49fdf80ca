"""Watching: cut what is due, evaluate it, react to it; one transaction a window."""

import logging

from psycopg2.extensions import connection as Connection

from monitoring.actions import incident
from monitoring.errors import WindowNotFoundError
from monitoring.settings import Settings
from monitoring.storage import database
from monitoring.windows import cutting
from monitoring.windows.evaluation import Evaluator
from monitoring.windows.verdict import Verdict

_LOG = logging.getLogger(__name__)


class Watch:
    """Turns stored predictions and labels into windows, verdicts and incidents."""

    def __init__(self, evaluator: Evaluator, settings: Settings) -> None:
        self._evaluator = evaluator
        self._settings = settings

    def step(self, connection: Connection, limit: int = 50) -> int:
        """Evaluate up to ``limit`` due windows; return how many there were.

        Closing, figures, verdict, incident and outbox entries commit together: a worker that dies
        leaves either all of a window or nothing of it. Only one worker evaluates at a time.
        """
        with database.transaction(connection) as cursor:
            if not database.scalar(
                cursor, "SELECT pg_try_advisory_lock(%s)", (database.EVALUATE_LOCK,)
            ):
                return 0
        try:
            done = 0
            while done < limit and self._one(connection):
                done += 1
            return done
        finally:
            if not connection.closed:
                with database.transaction(connection) as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", (database.EVALUATE_LOCK,))

    def _one(self, connection: Connection) -> bool:
        with database.transaction(connection) as cursor:
            for version in cutting.versions(cursor):
                window = cutting.cut_scored(cursor, version, self._settings.windows)
                window = window or cutting.cut_labelled(cursor, version, self._settings.windows)
                if window is None:
                    continue
                judged = self._evaluator.evaluate(cursor, window)
                incident.react(cursor, window, judged, self._settings)
                _LOG.info(
                    "window %d (%s, version %s, %d rows): %s: %s",
                    window.window_id,
                    window.kind,
                    window.version,
                    window.row_count,
                    judged.level,
                    "; ".join(judged.reasons),
                )
                return True
        return False

    def again(self, connection: Connection, window_id: int) -> Verdict:
        """Evaluate a closed window once more; it stays as it was and causes nothing new."""
        with database.transaction(connection) as cursor:
            window = cutting.load(cursor, window_id)
            if window is None:
                raise WindowNotFoundError(f"there is no window {window_id}")
            return self._evaluator.evaluate(cursor, window)
