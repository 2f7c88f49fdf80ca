"""A loop of the worker: one step again and again, on a connection of its own.

A loop outlives a database or an AWS endpoint that is away; anything else ends it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from psycopg2.extensions import connection as Connection

from monitoring.storage import database

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE: Final = 30.0
_BEAT_SECONDS: Final = 10.0
FIRST_PAUSE: Final = 0.5
AWAY: Final = (*database.TRANSIENT, BotoCoreError, ClientError)

Step = Callable[[Connection], int]


class Part(NamedTuple):
    """What a loop does and how long it rests when there was nothing to do."""

    name: str
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
    pause, beat = FIRST_PAUSE, 0.0
    try:
        while not stop.is_set():
            try:
                if connection is None or connection.closed:
                    connection = database.connect(url, f"monitoring {part.name}")
                done = part.step(connection)
                if time.monotonic() >= beat:
                    _beat(connection, part.name)
                    beat = time.monotonic() + _BEAT_SECONDS
                if not done:
                    stop.wait(part.pause)
                pause = FIRST_PAUSE
            except AWAY as error:
                if connection is not None and isinstance(error, database.TRANSIENT):
                    connection.close()
                    connection = None
                pause = rest(stop, part.name, error, pause)
    finally:
        if connection is not None:
            connection.close()


def _beat(connection: Connection, part: str) -> None:
    with database.transaction(connection) as cursor:
        cursor.execute(
            "INSERT INTO heartbeats (part) VALUES (%s) ON CONFLICT (part)"
            " DO UPDATE SET beat_at = clock_timestamp()",
            (part,),
        )
