"""What a run tells people while it works: one line per finding, the same in Mage's UI and headless.

Lines carry a mark, so that ``orchestrator.run`` can tell them from what Mage itself prints.
"""

from __future__ import annotations

import os

MARK = "\u00bb "
PROGRESS_MARK = "\u00bb\u00bb "
PROGRESS = "TRAINING_PROGRESS"
"""Set to 1 by ``orchestrator.run``, which turns progress lines into a bar."""


def tell(text: str) -> None:
    """Print ``text`` (one or more lines), marked."""
    for line in text.splitlines():
        print(f"{MARK}{line}", flush=True)


class Progress:
    """Counts finished trials; prints each count only for a reader that asked for it."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._wanted = os.environ.get(PROGRESS) == "1"

    def step(self) -> None:
        """Count one."""
        self._done += 1
        if self._wanted:
            print(f"{PROGRESS_MARK}{self._done}/{self._total}", flush=True)
