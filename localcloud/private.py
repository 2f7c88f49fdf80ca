"""Folders and files of the local cloud that only their owner can read."""

import os
from pathlib import Path


def make_private(folder: Path) -> None:
    """Create ``folder``, or close one that an earlier version left open to everybody."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def make_state(folder: Path) -> None:
    """Create the state directory: private, and passable where a service is not the owner's.

    As root Postgres runs as another user, who must reach its own folder below; he can list nothing.
    """
    make_private(folder)
    if os.geteuid() == 0:
        folder.chmod(0o711)


def write_private(path: Path, data: bytes) -> None:
    """Put a file in place, whole or not at all, readable by its owner."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    os.replace(temporary, path)
