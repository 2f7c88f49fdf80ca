"""``python -m inference.client``: put-record, predictions, stream."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from inference.client import commands
from inference.contract import StudentPerformanceError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.client",
        description="Send students to the input stream and read their predictions. Endpoint,"
        " region and credentials are the AWS SDK's environment variables"
        " (source .local/env for the local cloud).",
    )
    actions = parser.add_subparsers(required=True, metavar="COMMAND")

    put = actions.add_parser("put-record", help="send one record, exactly as the file holds it")
    put.add_argument(
        "file", nargs="?", type=Path, help="JSON file, - for stdin (default: a sample)"
    )
    put.add_argument("--partition-key", help="default: the record's student_id")
    put.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait for the answer")
    put.set_defaults(run=commands.put_record)

    show = actions.add_parser("predictions", help="print the answers on the output stream")
    show.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    show.add_argument("--since", type=float, metavar="SECONDS", help="only of the last SECONDS")
    show.add_argument("--limit", type=int, help="stop after this many answers")
    show.add_argument("--json", action="store_true", help="one JSON document per line")
    show.set_defaults(run=commands.predictions)
    for action in (put, show):
        _streams(action)
    return parser


def _streams(action: argparse.ArgumentParser) -> None:
    for name in ("students", "predictions"):
        variable = f"{name.upper()}_STREAM_NAME"
        action.add_argument(
            f"--{name}-stream", default=os.environ.get(variable), help=f"default: ${variable}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except StudentPerformanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
