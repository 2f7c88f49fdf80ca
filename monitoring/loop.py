"""A loop of the worker: one step again and again, on a connection of its own.

A loop outlives a database or an AWS endpoint that is away; anything else ends it.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from psycopg2.extensions import connection as Connection

from monitoring.storage import database, heartbeats
from monitoring.storage.heartbeats import Loop

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE: Final = 5.0
_BEAT_SECONDS: Final = 10.0
FIRST_PAUSE: Final = 0.5
AWAY: Final = (*database.TRANSIENT, BotoCoreError, ClientError)

Step = Callable[[Connection], int]


class Part(NamedTuple):
    """What a loop does and how long it rests when there was nothing to do."""

    loop: Loop
    step: Step
    pause: float


def rest(stop: threading.Event, name: str, error: BaseException, pause: float) -> float:
    """Wait ``pause`` seconds for what is away, less if told to stop; return the next pause."""
    _LOG.warning("%s waits %.1f s: %s", name, pause, str(error).strip())
    stop.wait(pause)
    return min(_LONGEST_PAUSE, pause * 2)


def run(part: Part, url: str, stop: threading.Event) -> None:
    """Run until ``stop`` is set, after the step under way; raises what no waiting mends."""
    connection: Connection | None = None
    name, pause, due = part.loop.name, FIRST_PAUSE, 0.0
    try:
        while not stop.is_set():
            try:
                if connection is None or connection.closed:
                    connection = database.connect(url, f"monitoring {name}")
                done = part.step(connection)
                if time.monotonic() >= due:
                    with database.transaction(connection) as cursor:
                        heartbeats.beat(cursor, part.loop)
                    due = time.monotonic() + _BEAT_SECONDS
                if not done:
                    stop.wait(part.pause)
                pause = FIRST_PAUSE
            except AWAY as error:
                if connection is not None and isinstance(error, database.TRANSIENT):
                    connection.close()
                    connection = None
                pause = rest(stop, name, error, pause)
    finally:
        if connection is not None:
            connection.close()
