"""The steps of a run and what they tell people: the same lines in Mage's UI and headless.

Lines carry a mark, so that ``orchestrator.run`` can tell them from what Mage itself prints.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from typing import Any, get_type_hints

import msgspec

MARK = "\u00bb "
PROGRESS_MARK = "\u00bb\u00bb "
PROGRESS = "TRAINING_PROGRESS"
"""Set to 1 by ``orchestrator.run``, which turns progress lines into a bar."""


def tell(text: str) -> None:
    """Print ``text`` (one or more lines), marked."""
    for line in text.splitlines():
        # One write a line: lines of two threads must not mix.
        print(f"{MARK}{line}\n", end="", flush=True)


def step(function: Callable[..., object]) -> Callable[..., Any]:
    """Make ``function`` a pipeline's step: dataclasses cross as JSON, and its time is told.

    Mage stores what a block returns for the next block, which may be another process. Tables,
    estimators and JSON values survive that; a dataclass does not, so it travels as its JSON form.
    """

    @wraps(function)
    def block(*values: Any) -> Any:
        started = time.perf_counter()
        kinds = get_type_hints(function).values()
        inputs = [
            msgspec.convert(value, kind) if isinstance(value, dict) else value
            for value, kind in zip(values, kinds)
        ]
        result = function(*inputs)
        tell(f"[{time.perf_counter() - started:5.1f} s] {function.__name__.replace('_', ' ')}")
        return msgspec.to_builtins(result) if is_dataclass(result) else result

    return block


def pretty(value: object) -> bytes:
    """Return ``value`` (dataclasses included) as indented JSON, for artifacts."""
    return json.dumps(value, indent=2, default=msgspec.to_builtins).encode()


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
