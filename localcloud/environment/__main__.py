"""``python -m localcloud.environment [NAME...]``: make what is missing."""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
from collections.abc import Sequence

from localcloud.environment.component import COMPONENTS, ON_REQUEST, PROJECT, ROOT
from localcloud.environment.errors import SetupError
from localcloud.environment.installer import Installer


def set_up(names: Sequence[str]) -> None:
    """Make the standard environments, or those named; returns at once when all are finished."""
    named = [component for component in ON_REQUEST if component.name in names]
    wanted = named or [PROJECT, *COMPONENTS]
    if all(component.finished() for component in wanted):
        return
    with (ROOT / ".venv-setup.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another `make setup`", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [component for component in wanted if not component.finished()]
        if missing:
            Installer(missing)()


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Create the components' virtual environments.")
    names = [component.name for component in ON_REQUEST]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"also: {', '.join(names)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        known = ", ".join(names)
        parser.error(f"no environment {', '.join(sorted(unknown))}; on request: {known}")
    # A plain kill ends the installers too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        set_up(options.names)
    except SetupError as error:
        print(f"setup failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup interrupted; the next call goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
