"""What a run tells people while it works: one line per finding, the same in Mage's UI and headless.

Lines carry a mark, so that ``orchestrator.run`` can tell them from what Mage itself prints.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Inputs = ParamSpec("Inputs")
Output = TypeVar("Output")

MARK = "\u00bb "
PROGRESS_MARK = "\u00bb\u00bb "
PROGRESS = "TRAINING_PROGRESS"
"""Set to 1 by ``orchestrator.run``, which turns progress lines into a bar."""


def tell(text: str) -> None:
    """Print ``text`` (one or more lines), marked."""
    for line in text.splitlines():
        # One write a line: lines of two threads must not mix.
        print(f"{MARK}{line}\n", end="", flush=True)


def step(function: Callable[Inputs, Output]) -> Callable[Inputs, Output]:
    """Tell how long a step took."""

    @wraps(function)
    def timed(*args: Inputs.args, **kwargs: Inputs.kwargs) -> Output:
        started = time.perf_counter()
        result = function(*args, **kwargs)
        tell(f"[{time.perf_counter() - started:5.1f} s] {function.__name__.replace('_', ' ')}")
        return result

    return timed


def pretty(value: object) -> bytes:
    """Return ``value`` as indented JSON, for artifacts."""
    return json.dumps(value, indent=2, default=str).encode()


class Progress:
    """Counts finished trials; prints each count only for a reader that asked for it."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._wanted = os.environ.get(PROGRESS) == "1"

    def step(self) -> None:
        """Count one."""
        # Candidates are tuned in threads.
        with self._lock:
            self._done += 1
            if self._wanted:
                print(f"{PROGRESS_MARK}{self._done}/{self._total}\n", end="", flush=True)
