"""``make soak``: a stack of its own, traffic, one fault after the other, then the audit."""

import os
import random
import shutil
import tempfile
import threading
import time
import uuid
from collections import deque
from itertools import islice
from pathlib import Path

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from psycopg2 import Error as DatabaseError
from psycopg2 import OperationalError

from inference.stream.aggregation import user_records
from inference.stream.identity import prediction_id
from localcloud.configuration import renamed
from localcloud.errors import LocalCloudError, SoakFailed
from localcloud.lambda_host.shard import Record
from localcloud.lambda_host.source import Stream
from localcloud.lock import is_held
from localcloud.provision import remove
from localcloud.soak import evidence
from localcloud.soak.books import Answer, Books
from localcloud.soak.faults import FAULTS, inside
from localcloud.soak.follower import Follower
from localcloud.soak.processes import FLAT, growing, megabytes, using
from localcloud.soak.producer import Producer
from localcloud.soak.records import NEEDLES, Maker, packed
from localcloud.soak.report import Recovery, Report
from localcloud.soak.schedule import Step, plan
from localcloud.soak.world import GOOD, World

BACKLOG = 3_000
"""Inputs that may wait for their answers before the traffic holds."""
UNSTORED = 5
"""As many times that may wait to be stored: a burst is answered faster than it is stored."""
REACH = 12 * BACKLOG
_RECOVERY_SECONDS = 120.0
_SAMPLE_SECONDS = 0.5
_LABELS = 100
_MONITORING = {"WINDOW_ROWS": "50000", "WINDOW_LABEL_ROWS": "50000", "WINDOW_REPORTS": "none"}
"""Windows are tested elsewhere; here their statistics would take the time of the records."""


class Soak:
    """One run on a world that is up and serves a model; its report is filled as it goes."""

    def __init__(self, world: World, report: Report, seed: int) -> None:
        self._world, self._report, self._seed = world, report, seed
        self._books = world.books
        self._leaks = self._miscounted = 0
        self._recent: deque[str] = deque(maxlen=5 * _LABELS)
        self._samples: dict[str, list[float]] = {role: [] for role in FLAT}
        self._stopping = threading.Event()
        self._students = Stream(world.kinesis, world.variables["STUDENTS_STREAM_NAME"])
        predictions = Stream(world.kinesis, world.variables["PREDICTIONS_STREAM_NAME"])
        self._followers = (
            Follower(self._students, self._take_inputs),
            Follower(predictions, self._take_answers),
        )
        world.producer = Producer(
            world.kinesis,
            (self._students.name, self._students.arn),
            Maker(seed).chunks(),
            self._waiting,
            BACKLOG,
        )

    def traffic(self, seconds: float) -> None:
        """Put and read while the faults come; return once all has settled."""
        world = self._world
        sampler = threading.Thread(target=self._sample, name="sampler", daemon=True)
        for thread in (*self._followers, world.producer, sampler):
            thread.start()
        world.producer.resume()
        self._walk(seconds)
        world.producer.stop()
        if not world.settled():
            self._report.findings.append("not all was answered and stored when the run ended")
        for follower in self._followers:
            follower.stop()
            if follower.error:
                raise follower.error
        self._stopping.set()
        sampler.join()

    def audit(self) -> None:
        """Add what is not as it must be to the report's findings."""
        world, report = self._world, self._report
        self._books.acknowledged(world.producer.puts)
        evidence.read_stored(world.variables["DATABASE_URL"], self._books)
        counts = {
            "answers hold a demographic value or free text": self._leaks,
            "aggregates hold another number of records than was put": self._miscounted,
        }
        report.findings += [
            *self._books.findings(),
            *(f"{count:,} {what}" for what, count in counts.items() if count),
            *evidence.read_database(world.variables["DATABASE_URL"], NEEDLES, report.labels),
            *evidence.given_up(world.sqs, world.variables["FAILURE_QUEUE_URL"]),
            *evidence.read_logs(world.state / "logs", NEEDLES),
            *growing(self._samples),
        ]
        report.megabytes = {role: max(values, default=0) for role, values in self._samples.items()}
        report.failed_puts = world.producer.failed_puts

    def _waiting(self, put: int) -> int:
        books = self._books
        unstored = books.answered - self._world.stored
        return max(put - books.answered, len(books.open), unstored // UNSTORED)

    def _walk(self, seconds: float) -> None:
        given = self._world.endpoint
        known = {
            name: inside(name) for name, fault in FAULTS.items() if not (given and fault.emulator)
        }
        started = time.monotonic()
        for step in plan(self._seed, seconds, known):
            time.sleep(max(0.0, started + step.at - time.monotonic()))
            at = time.monotonic() - started
            if at > seconds:
                break
            self._report.strikes(at, step)
            recovery = self._strike(step, at)
            self._report.recoveries.append(recovery)
            if recovery.stored is None:
                # What is lost stays lost; the audit says what it is.
                return
            self._late_labels()
        time.sleep(max(0.0, started + seconds - time.monotonic()))

    def _strike(self, step: Step, at: float) -> Recovery:
        fault, world, books = FAULTS[step.fault], self._world, self._books
        began = time.monotonic()
        try:
            try:
                fault.begin(world)
                if step.inside or fault.end:
                    time.sleep(step.hold / 2)
                if step.inside:
                    self._inside(step.inside)
                if fault.end:
                    time.sleep(step.hold / 2)
            finally:
                if fault.end:
                    fault.end(world)
        except SoakFailed as error:
            self._report.findings.append(f"{fault.name} could not go on: {error}")
            return Recovery(at, fault.name, step.inside, time.monotonic() - began, None, None)
        ended = time.monotonic()
        waiting, served = set(books.open), books.served[world.version]
        done = world.wait(
            lambda: waiting.isdisjoint(books.open) and books.served[world.version] > served,
            _RECOVERY_SECONDS,
        )
        answered, target = time.monotonic() - ended, books.answered
        kept = done and world.wait(lambda: world.stored >= target, _RECOVERY_SECONDS)
        stored = time.monotonic() - ended
        if not kept:
            what = "stored" if done else "answered"
            self._report.findings.append(f"after {fault.name} not all was {what}")
        times = answered if done else None, stored if kept else None
        return Recovery(at, fault.name, step.inside, ended - began, *times)

    def _inside(self, name: str) -> None:
        try:
            FAULTS[name].begin(self._world)
        except (BotoCoreError, ClientError) as error:
            # A promotion while the bucket is away fails, as a person's would.
            self._report.say(f"{name} did not go through: {type(error).__name__}")

    def _late_labels(self) -> None:
        """Grades come for students answered a while ago and for some answered just now."""
        recent = list(self._recent)
        wanted = random.Random(self._seed).sample(recent, min(_LABELS, len(recent)))
        path = self._world.state / "labels.csv"
        try:
            evidence.load_labels(self._world.variables["DATABASE_URL"], path, set(wanted))
        except OperationalError:
            self._report.say("no late labels this time: the database is not back yet")
        else:
            self._report.labels.update(wanted)

    def _take_inputs(self, shard: str, records: list[Record]) -> None:
        arn = self._students.arn
        for record in records:
            number, keys = record.sequence_number, [record.partition_key]
            if count := packed(record.partition_key):
                keys = [key for key, _ in user_records(record.data)]
                self._miscounted += len(keys) != count
            self._books.ask(
                (prediction_id(arn, shard, number, sub), key) for sub, key in enumerate(keys)
            )

    def _take_answers(self, _: str, records: list[Record]) -> None:
        answers = [msgspec.json.decode(record.data, type=Answer) for record in records]
        self._leaks += sum(any(needle in record.data for needle in NEEDLES) for record in records)
        scored = (answer.prediction_id for answer in answers if answer.status == "ok")
        self._recent.extend(islice(scored, _LABELS // 2))
        self._books.answer(answers)

    def _sample(self) -> None:
        while not self._stopping.wait(_SAMPLE_SECONDS):
            self._world.look()
            found = self._world.processes()
            for role, values in self._samples.items():
                if pids := found.get(role):
                    values.append(max(map(megabytes, pids)))


def _run(state: Path, seconds: float, seed: int, endpoint: str | None) -> int:
    started = time.monotonic()
    if is_held(state):
        raise SoakFailed(f"one runs in {state}; python -m localcloud --state {state} down ends it")
    shutil.rmtree(state, ignore_errors=True)
    # A database of the user's; and what the worker is to do less of.
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(_MONITORING)
    books = Books(REACH, GOOD)
    report = Report(state, seed, books)
    report.begins(seconds)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        # Others may use a given endpoint too.
        prefix = f"soak-{uuid.uuid4().hex[:8]}" if endpoint else "soak"
        file = renamed(Path(folder), prefix, model_refresh_seconds=1)
        world = World(state, file, endpoint, books)
        try:
            world.up()
            world.publish()
            soak = Soak(world, report, seed)
            soak.traffic(seconds)
            soak.audit()
        finally:
            world.down()
            if endpoint and world.variables:
                remove(world.configuration, world.variables)
    if left := using(state):
        report.findings.append(f"{len(left)} processes still run: {left}")
    report.ends(time.monotonic() - started)
    return 1 if report.findings else 0


def main(state: Path, seconds: float, seed: int | None, endpoint: str | None) -> int:
    """Run a soak; without a seed it takes one. Returns 0 only where the auditor found nothing."""
    seed = random.SystemRandom().randrange(10_000) if seed is None else seed
    try:
        return _run(state, seconds, seed, endpoint)
    except (LocalCloudError, BotoCoreError, ClientError, DatabaseError) as error:
        raise SoakFailed(f"SEED={seed}: {type(error).__name__}: {error}") from error
