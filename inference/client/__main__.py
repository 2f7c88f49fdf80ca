"""``python -m inference.client``: put-record, predictions, stream, redrive."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from contract.errors import StudentPerformanceError
from inference.client import bulk, commands
from inference.client.redrive import redrive


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.client",
        description="Send students to the input stream and read their predictions. Endpoint,"
        " region and credentials are the AWS SDK's environment variables"
        " (source .local/env for the local cloud).",
    )
    actions = parser.add_subparsers(required=True, metavar="COMMAND")

    put = actions.add_parser(
        "put-record",
        help="send one record, exactly as the file holds it",
        description="Sends FILE as it is: an event with student_id, student (the nine features) and,"
        " if wanted, request_id, explain (true asks for guidance) and year_elapsed (over 0 up to"
        " 1: the share of the school year that Absences covers; absent means all of it).",
    )
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

    many = actions.add_parser(
        "stream",
        help="send a CSV of students, collect the answers, write both joined",
        description="Sends every row (student id, the nine features and year_elapsed, no other"
        " column), collects the answers and writes OUTPUT: all columns of the CSV and the answer's."
        " Whatever ends it, the same command again sends only rows this stack has not answered yet,"
        " and says which model answered the others.",
    )
    many.add_argument(
        "csv",
        type=Path,
        help="CSV with StudentID and the nine features; a column year_elapsed, the share of the"
        " school year that Absences covers (over 0 up to 1), may be there: without it, or in an"
        " empty cell, it is the whole year",
    )
    many.add_argument(
        "--output", type=Path, help="default: .local/ and the CSV's name with .predictions.csv"
    )
    many.add_argument("--again", action="store_true", help="ask anew what is answered already")
    many.add_argument("--explain", action="store_true", help="ask for guidance too")
    many.add_argument(
        "--window", type=int, default=5000, help="records on their way at most (default 5000)"
    )
    many.set_defaults(run=bulk.stream)
    for action, seconds in ((put, 15), (show, 15), (many, 60)):
        _streams(action)
        action.add_argument(
            "--patience",
            type=float,
            default=seconds,
            metavar="SECONDS",
            help="bear so long with an endpoint or a service that does not answer (default"
            " %(default)s)",
        )
    _redrive(actions)
    return parser


def _redrive(actions: Any) -> None:
    again = actions.add_parser(
        "redrive",
        help="have answered what was given up (without --yes: list it)",
        description="Reads the failure queue, fetches the records by shard and sequence number, has"
        " the function answer them under their original ids, and removes a message once its answers"
        " are on the output stream. Exit code 1: something is left in the queue.",
    )
    again.add_argument("--yes", action="store_true", help="do it; without, it is only listed")
    again.add_argument(
        "--forget-lost",
        action="store_true",
        help="remove messages too whose records the stream's retention has taken",
    )
    again.add_argument("--function", metavar="NAME", help="instead of the one the messages name")
    again.add_argument(
        "--queue",
        default=os.environ.get("FAILURE_QUEUE_URL"),
        metavar="URL",
        help="default: $FAILURE_QUEUE_URL",
    )
    again.add_argument(
        "--predictions-stream",
        default=os.environ.get("PREDICTIONS_STREAM_NAME"),
        metavar="NAME",
        help="default: $PREDICTIONS_STREAM_NAME",
    )
    again.set_defaults(run=redrive)


def _streams(action: argparse.ArgumentParser) -> None:
    for name in ("students", "predictions"):
        variable = f"{name.upper()}_STREAM_NAME"
        action.add_argument(
            f"--{name}-stream",
            default=os.environ.get(variable),
            metavar="NAME",
            help=f"default: ${variable}",
        )


@contextmanager
def _signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does; what is ignored (nohup) stays so."""
    earlier = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            earlier[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with _signals():
            code: int = options.run(options)
        return code
    # botocore passes urllib3's errors on where an answer stalls within its body.
    except (StudentPerformanceError, BotoCoreError, ClientError, HTTPError) as error:
        print(f"error: {commands.printable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
