"""Make one environment: ``python -m localcloud.environment NAME``; `make setup` does it for each.

Mage, the MLflow server, the AWS emulator and the project itself pin packages against each other, so
each has an environment of its own, as each has a container of its own elsewhere. make runs these
side by side once ``uv`` is there. A second call compares stamps and is done, an interrupted one is
taken up again.
"""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys

from localcloud.environment.installer import ENVIRONMENTS, PROJECT, ROOT, bootstrap, install
from localcloud.environment.interpreter import SetupError


def make(name: str) -> None:
    """Make the environment ``name``, or get ``uv``; returns at once where that is done."""
    named = {environment.name: environment for environment in ENVIRONMENTS}
    environment = named.get(name, PROJECT)
    if environment.finished():
        return
    with (ROOT / environment.lock).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another `make setup` ({name})", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if environment.finished():
            return
        if name == "uv":
            bootstrap()
        else:
            install(environment)


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Create a component's virtual environment.")
    parser.add_argument("name", choices=["uv", *(each.name for each in ENVIRONMENTS)])
    options = parser.parse_args()
    # A plain kill ends the installers too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        make(options.name)
    except SetupError as error:
        print(f"setup failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{options.name}: interrupted; the next call goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
