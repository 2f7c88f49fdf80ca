"""The command ``stream``: a CSV of students sent, their answers collected, both written joined."""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from inference.aws import CONNECT_SECONDS
from inference.client import ClientUsageError, commands, results, sheet, waiting
from inference.client.exchange import Exchange, Question
from inference.client.journal import Ask, Journal, asked
from inference.client.patience import PatientClient
from inference.stream.publisher import Publisher
from inference.stream.reader import NEWEST, StreamReader

FOLDER = Path(".local")
"""Answers are personal data: by default they go where git looks at nothing."""

LOOK_BACK = timedelta(seconds=60)
"""Reading for an earlier run starts this long before it did: clocks differ."""


class Stack(NamedTuple):
    """Which input stream it is: one that was deleted and made anew is another one."""

    digest: str
    words: str

    @classmethod
    def of(cls, kinesis: PatientClient, name: str) -> "Stack":
        """Ask for the stream's identity: its ARN and when it was made."""
        about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        made = about["StreamCreationTimestamp"].astimezone(timezone.utc)
        identity = f"{about['StreamARN']} {made.isoformat()}"
        words = f"{name} at {kinesis.endpoint}, made {made:%Y-%m-%d %H:%M:%S} UTC"
        return cls(hashlib.sha256(identity.encode()).hexdigest()[:12], words)


class Run:
    """One run of the command: what is known of the rows, and what is still to be asked."""

    def __init__(self, table: sheet.Sheet, output: Path, stack: Stack) -> None:
        self._table = table
        self._output = output
        self._stack = stack
        self._journal = Journal(output)
        self._written, self._unnamed = results.earlier(output)
        self.known: dict[str, results.Row] = {}
        self.ids: list[str] = []

    def begin(self, again: bool, explain: bool) -> tuple[Ask, bool]:
        """Find out what is answered already, and say so; return the Ask and whether it goes on."""
        before, collected = self._journal.read()
        ask, going_on = asked(before, self._written, self._stack.digest, again)
        self.ids = sheet.request_ids(self._table, ask.prefix, explain)
        here = self._written | {name: results.cells(said) for name, said in collected.items()}
        self.known = {name: here[name] for name in self.ids if name in here}
        if not going_on and len(self.known) < len(self.ids):
            self._journal.begin(ask)
        return ask, going_on

    def take(self, answers: Iterable[dict[str, Any]]) -> None:
        """Keep answers: in the journal at once, in the output at the end."""
        answers = list(answers)
        self._journal.add(answers)
        self.known |= {said["request_id"]: results.cells(said) for said in answers}

    def tell(self) -> None:
        """Say which answers are from before, and whose the others in the output are."""
        if self.known:
            count, rest = len(self.known), len(self.ids) - len(self.known)
            print(
                f"{count:,} answered before by {versions(self.known.values())} on"
                f" {self._stack.words}: {f'{rest:,} more' if rest else 'nothing'} sent;"
                " --again asks anew",
                file=sys.stderr,
            )
        strangers = [name for name in self._written if name not in self.known]
        if strangers or self._unnamed:
            whose = "other rows, or asked anew"
            if self._unnamed or any(not name.startswith(self._stack.digest) for name in strangers):
                whose = f"not of {self._stack.words}"
            copy = results.keep(self._output)
            print(
                f"{len(strangers) + self._unnamed:,} earlier answers in {self._output} are"
                f" {whose}: kept in {copy}, not used",
                file=sys.stderr,
            )

    def write(self) -> None:
        """Write all rows; once every one is answered the journal has done its work."""
        answers = [self.known.get(name) for name in self.ids]
        results.write(self._output, self._table.columns, self._table.rows, answers)
        if None not in answers:
            self._journal.end()

    def summary(self) -> str:
        """Return what the output holds now."""
        said = Counter(row["status"] for row in self.known.values())
        lacking = len(self.ids) - len(self.known)
        by = f" ({versions(self.known.values())})" if self.known else ""
        return (
            f"{self._output}: {said['ok']} predictions, {said['rejected']} rejected,"
            f" {lacking} unanswered{by}"
        )


def stream(options: argparse.Namespace) -> int:
    """Send a CSV, collect the answers, write both joined."""
    from tqdm import tqdm  # pylint: disable=import-outside-toplevel

    table = sheet.read(options.csv)
    output = _output(options)
    kinesis = commands.patient(options)
    stack = Stack.of(kinesis, commands.named(options.students_stream, "students"))
    run = Run(table, output, stack)
    ask, going_on = run.begin(options.again, options.explain)
    run.tell()
    if len(run.known) == len(run.ids):
        run.write()
        print(run.summary())
        return 0
    reader = StreamReader(
        kinesis,
        commands.named(options.predictions_stream, "predictions"),
        ask.since - LOOK_BACK if going_on else NEWEST,
    )
    with tqdm(total=len(run.ids), initial=len(run.known), unit="student", desc="answered") as bar:

        def take(answers: list[dict[str, Any]]) -> None:
            run.take(answers)
            bar.update(len(answers))

        exchange = Exchange(
            Publisher(
                kinesis.impatient,
                options.students_stream,
                CONNECT_SECONDS + commands.read_seconds(options.patience),
            ),
            reader,
            [name for name in run.ids if name not in run.known],
            options.window,
            options.patience,
            take,
        )
        try:
            if going_on:
                exchange.catch_up()
            exchange.send(_questions(table, run, options.explain))
            lacking = exchange.collect()
        finally:
            run.write()
    print(run.summary())
    if lacking:
        print(waiting.reason(), file=sys.stderr)
    return 1 if lacking else 0


def versions(answers: Iterable[results.Row]) -> str:
    """Return in words which models gave the answers."""
    count = Counter(row["model_version"] for row in answers)
    if len(count) == 1:
        return f"version {next(iter(count))}"
    return ", ".join(f"version {name} ({many:,})" for name, many in sorted(count.items()))


def _questions(table: sheet.Sheet, run: Run, explain: bool) -> list[Question]:
    return [
        Question(
            name,
            row[table.id_column].strip()[:128] or "student",
            sheet.event(row, table.id_column, name, explain),
        )
        for name, row in zip(run.ids, table.rows, strict=True)
        if name not in run.known
    ]


def _output(options: argparse.Namespace) -> Path:
    output: Path = options.output or FOLDER / f"{options.csv.stem}.predictions.csv"
    if output.resolve() == options.csv.resolve():
        raise ClientUsageError(f"{output} is the CSV itself: name another --output")
    if not options.output:
        try:
            FOLDER.mkdir(exist_ok=True)
        except OSError as error:
            raise ClientUsageError(f"{FOLDER} cannot be made: {error.strerror}") from error
    return output
