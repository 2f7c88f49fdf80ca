"""The journal of one output: what was asked, and every answer as it comes, until all is written.

It survives a kill at any moment: a line is whole or is passed over, and what was collected, and
since when answers may be on their way, is known to the next run.
"""

import json
import time
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from inference.client import ClientUsageError

Answers = dict[str, dict[str, Any]]


class Ask(NamedTuple):
    """One asking: of which stack, which time round (0, or the moment of --again), since when."""

    stack: str
    round: int
    since: datetime

    @property
    def prefix(self) -> str:
        """Return how the request ids of this asking begin."""
        return f"{self.stack}-{self.round}-"


class Journal:
    """One file of JSON lines beside ``output``: an Ask first, then answers."""

    def __init__(self, output: Path) -> None:
        self._path = output.with_name(f".{output.name}.journal")

    def read(self) -> tuple[Ask | None, Answers]:
        """Return what an earlier run left here: its Ask and its answers by request id."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return None, {}
        except OSError as error:
            raise ClientUsageError(f"{self._path} cannot be read: {error.strerror}") from error
        documents = [document for document in map(_parsed, lines) if document]
        if not documents or "stack" not in documents[0]:
            return None, {}
        head, *answers = documents
        ask = Ask(head["stack"], head["round"], datetime.fromisoformat(head["since"]))
        return ask, {answer["request_id"]: answer for answer in answers}

    def begin(self, ask: Ask) -> None:
        """Start anew with ``ask``."""
        head = {"stack": ask.stack, "round": ask.round, "since": ask.since.isoformat()}
        self._write([head], "wb")

    def add(self, answers: Iterable[dict[str, Any]]) -> None:
        """Append answers."""
        self._write(answers, "ab")

    def end(self) -> None:
        """Remove the file: everything it holds is written."""
        self._path.unlink(missing_ok=True)

    def _write(self, documents: Iterable[dict[str, Any]], mode: str) -> None:
        # A line break first too: the last line of a killed run may lack its own.
        data = b"".join(b"\n%b\n" % json.dumps(document).encode() for document in documents)
        try:
            with self._path.open(mode) as file:
                file.write(data)
        except OSError as error:
            raise ClientUsageError(f"{self._path} cannot be written: {error.strerror}") from error


def asked(
    earlier: Ask | None, answered: Iterable[str], stack: str, again: bool
) -> tuple[Ask, bool]:
    """Return the Ask of this run, and whether it goes on with the journal's ``earlier`` one.

    ``answered`` are request ids of the output, which may be complete and without a journal.
    """
    now = datetime.now(timezone.utc)
    if again:
        return Ask(stack, time.time_ns() // 1_000_000, now), False
    if earlier is not None and earlier.stack == stack:
        return earlier, True
    rounds = [int(parts[1]) for parts in map(_parts, answered) if parts and parts[0] == stack]
    return Ask(stack, max(rounds, default=0), now), False


def _parts(request_id: str) -> list[str] | None:
    parts = request_id.split("-")
    return parts if len(parts) == 3 and parts[1].isascii() and parts[1].isdigit() else None


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
