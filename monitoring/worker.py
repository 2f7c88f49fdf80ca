"""The worker: ingest, watch and deliver side by side, each on a connection of its own.

Ingest must not wait for a window's statistics, nor either for a mail server or for Evidently; so
each is a loop in a thread, and ingest and Evidently in processes of their own. A loop outlives a database or an
AWS endpoint that is away, and the ingest process starts again by itself. Anything else that goes
wrong in a loop ends the whole worker, for its supervisor to start again.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Final

from psycopg2.extensions import connection as Connection

from monitoring import child, loop
from monitoring.actions.mage_api import Mage
from monitoring.actions.outbox import Outbox
from monitoring.actions.retraining import Retraining
from monitoring.clients import client
from monitoring.ingest import given_up, process
from monitoring.ingest.consumer import Consumer
from monitoring.ingest.labels import LabelSink, resolve_pending
from monitoring.loop import Part
from monitoring.settings import Settings
from monitoring.storage import database, heartbeats, retention
from monitoring.storage.heartbeats import Loop
from monitoring.storage.migrate import migrate
from monitoring.watch import Watch
from monitoring.windows import process as reporting
from monitoring.windows.evaluation import Evaluator
from monitoring.windows.reference import ReferenceStore

_LOG = logging.getLogger(__name__)
_STREAMS: Final = (heartbeats.INGEST, heartbeats.LABEL_STREAM)


def build_watch(settings: Settings) -> Watch:
    """Return the part that evaluates windows."""
    s3 = client("s3", settings.endpoint_url)
    references = ReferenceStore(s3, settings.artifact_bucket)
    return Watch(Evaluator(references, settings.windows), settings)


def build_outbox(settings: Settings) -> Outbox:
    """Return the part that delivers mails and retraining requests."""
    s3 = client("s3", settings.endpoint_url)
    mage = Mage(settings.alerts.mage_url, settings.alerts.retrain_token)
    ses = client("ses", settings.endpoint_url)
    return Outbox(settings, ses, s3, Retraining(settings, mage, s3))


def parts(settings: Settings) -> list[Part]:
    """Return the loops in the worker's own threads, in the order ``--once`` runs them."""
    tick = settings.tick_seconds

    def retain(connection: Connection) -> int:
        retention.keep(connection, settings.retention_days)
        return 0

    loops = [
        Part(heartbeats.LABELS, resolve_pending, tick),
        Part(heartbeats.WATCH, build_watch(settings).step, tick),
        Part(heartbeats.OUTBOX, build_outbox(settings).step, tick),
        Part(heartbeats.RETENTION, retain, 3600.0),
    ]
    if settings.labels_stream:
        kinesis = client("kinesis", settings.endpoint_url)
        consumer = Consumer(
            kinesis, settings.labels_stream, LabelSink(settings.labels_stream), rows=500
        )
        loops.insert(0, Part(heartbeats.LABEL_STREAM, consumer.step, settings.poll_seconds))
    if settings.failure_queue_url:
        look = given_up.looking(client("sqs", settings.endpoint_url), settings.failure_queue_url)
        loops.append(Part(heartbeats.FAILURE_QUEUE, look, 30.0))
    return loops


class Worker:
    """Runs the parts until told to stop."""

    def __init__(self, settings: Settings, ready_file: Path | None = None) -> None:
        self._settings = settings
        self._ready_file = ready_file
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask every loop to end after what it is doing."""
        self._stop.set()

    def run(self) -> None:
        """Run until ``stop``; raises what ended a loop that should not have ended."""
        own, url = parts(self._settings), self._settings.database_url
        jobs: dict[Loop, Callable[[], object]] = {
            part.loop: partial(loop.run, part, url, self._stop) for part in own
        }
        children = {heartbeats.REPORTS: reporting.CHILD}
        if self._settings.predictions_stream:
            children[heartbeats.INGEST] = process.CHILD
        for part, its in children.items():
            jobs[part] = partial(child.supervise, its, self._settings, self._stop)
        self._prepare(list(jobs))
        if self._stop.is_set():
            return
        with ThreadPoolExecutor(len(jobs)) as pool:
            running = {pool.submit(job): one.name for one, job in jobs.items()}
            if self._ready_file is not None:
                self._ready_file.touch()
            _LOG.info("monitoring runs: %s", ", ".join(running.values()))
            ended = wait(running, return_when=FIRST_EXCEPTION).done
            self._stop.set()
            for future in ended:
                if error := future.exception():
                    _LOG.critical("%s ends the worker", running[future], exc_info=error)
                    raise error

    def _prepare(self, running: list[Loop]) -> None:
        pause = loop.FIRST_PAUSE
        while not self._stop.is_set():
            try:
                connection = database.connect(self._settings.database_url)
            except database.TRANSIENT as error:
                pause = loop.rest(self._stop, "migrate", error, pause)
                continue
            try:
                for name in migrate(connection):
                    _LOG.info("applied migration %s", name)
                with database.transaction(connection) as cursor:
                    heartbeats.forget(cursor, running)
                return
            finally:
                connection.close()


def once(settings: Settings) -> dict[str, int]:
    """Do what is there to do now, then return counts by part; errors are the caller's."""
    counts = {}
    connection = database.connect(settings.database_url)
    try:
        migrate(connection)
        streams = [process.part(settings)] if settings.predictions_stream else []
        own = parts(settings)
        # Before the mails, which link to its pages.
        own.insert([part.loop for part in own].index(heartbeats.OUTBOX), reporting.part(settings))
        for part in [*streams, *own]:
            total = idle = 0
            # two empty reads in a row: a stream may answer one empty read before more records
            while idle < (2 if part.loop in _STREAMS else 1):
                done = part.step(connection)
                total += done
                idle = idle + 1 if not done or part.loop is heartbeats.OUTBOX else 0
            counts[part.loop.name] = total
    finally:
        connection.close()
    return counts
