"""LocalStack for as long as a command runs: ``python -m localcloud.services.localstack run -- ...``.

The command finds it in AWS_ENDPOINT_URL. With ``--endpoint`` that one is used, whoever serves it;
else the pinned image where a Docker engine answers; else the same version in host mode.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from contract.errors import StudentPerformanceError
from localcloud.configuration import DEFAULT_STATE, REPOSITORY
from localcloud.lock import StateLock
from localcloud.services.localstack.choice import choose
from localcloud.services.localstack.server import version

STATE = DEFAULT_STATE / "localstack-test"
"""Kept for its log; LocalStack itself begins anew each time."""
IMPOSSIBLE = 3
"""The exit code where this machine can run no LocalStack."""


def _run(command: Sequence[str], endpoint: str) -> int:
    environment = {**os.environ, "AWS_ENDPOINT_URL": endpoint}
    with subprocess.Popen(command, env=environment, cwd=REPOSITORY) as process:
        try:
            return process.wait()
        except BaseException:
            # The terminal has sent a Ctrl-C to it too; a plain kill reaches this process alone.
            process.terminate()
            process.wait()
            raise


def run(command: Sequence[str], endpoint: str | None) -> int:
    """Run ``command`` on an endpoint; stop what was started whatever happens."""
    if endpoint:
        print(f"AWS: {endpoint}, as given", flush=True)
        return _run(command, endpoint)
    kind = choose()
    lock = StateLock(STATE)
    try:
        server = kind(STATE)
        print(f"AWS: LocalStack {version()}, {server.how}, {server.url}", flush=True)
        with server:
            return _run(command, server.url)
    finally:
        lock.release()


def main() -> int:
    """Run the command line; return the command's exit code."""
    parser = argparse.ArgumentParser(prog="localcloud.services.localstack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("check", help="install what is missing; say how it would be run")
    runs = commands.add_parser("run", help="run a command on LocalStack")
    runs.add_argument("--endpoint", help="use this AWS endpoint instead")
    runs.add_argument("arguments", nargs="+", metavar="ARGUMENT")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.command == "check":
            print(f"LocalStack {version()} can be run: {choose().how}")
            return 0
        return run(options.arguments, options.endpoint)
    except StudentPerformanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return IMPOSSIBLE if error.code == "local.environment" else 1
    except KeyboardInterrupt:
        print("interrupted; LocalStack is stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
