"""Which records earlier processes of this sandbox died on while they answered them.

A record can kill the process (a segmentation fault, memory, a timeout). The event source mapping
sets it apart and tries it again a hundred times, while its shard waits. A process therefore notes
what it is at work on in a file that outlives it, which the next process reads: Lambda keeps /tmp
when it starts a process anew after a crash or a timeout. In a new sandbox nothing is known, and the
mapping's own bounds hold.
"""

import fcntl
import mmap
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_DEATHS = 3
"""So many processes may die on a record, on it alone; then it is rejected."""

_BYTES = 64
_GROUP = "+"


class Deaths:
    """Notes what the process is at work on below ``folder``, and knows what earlier ones died on.

    Notes hold prediction ids only, no value of a record.
    """

    def __init__(self, folder: Path) -> None:
        self._note: mmap.mmap | bytearray = bytearray(_BYTES)
        self._died: Counter[str] = Counter()
        try:
            _own(folder)
            self._died.update(_read(folder))
            self._note = _new_note(folder)
        except OSError:
            pass  # Without a folder to write to every process is the first one.
        self._suspects = {key.removesuffix(_GROUP) for key in self._died}

    def suspects(self, ids: Iterable[str]) -> bool:
        """Return whether a process died at work on one of ``ids``, or on a group it began."""
        return bool(self._suspects) and not self._suspects.isdisjoint(ids)

    def deadly(self, prediction_id: str) -> bool:
        """Return whether too many died on this record alone."""
        return self._died[prediction_id] >= MOST_DEATHS

    @contextmanager
    def at_work(self, first_id: str, count: int = 1) -> Iterator[None]:
        """Note the records at work, by the first one's id, until the block ends."""
        note = first_id if count == 1 else first_id + _GROUP
        self._note[:_BYTES] = note.encode()[:_BYTES].ljust(_BYTES, b"\0")
        try:
            yield
        finally:
            self._note[0] = 0


def _own(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError("another user's folder")


def _read(folder: Path) -> list[str]:
    """Add the notes of dead processes to the list of deaths, and return the list."""
    deaths = folder / "deaths"
    for path in folder.glob("note-*"):
        with path.open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its process lives
            data = file.read()
            if not data:
                continue  # not begun yet, or taken by another process this moment
            if note := data.partition(b"\0")[0]:
                with deaths.open("ab") as log:
                    log.write(note + b"\n")
            file.truncate(0)
            path.unlink(missing_ok=True)
    return deaths.read_text(encoding="ascii").splitlines() if deaths.exists() else []


def _new_note(folder: Path) -> mmap.mmap:
    # The lock goes with the process: whoever gets it knows that the process is dead.
    descriptor, _ = tempfile.mkstemp(prefix="note-", dir=folder)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.truncate(descriptor, _BYTES)
    return mmap.mmap(descriptor, _BYTES)
