"""The running stack as the faults and the auditor reach it: addresses, processes, the champion."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg2

from contract.bundle import MANIFEST_FILE, MODEL_FILE, POINTER_FILE, Pointer, sha256_hex
from localcloud import control
from localcloud.configuration import REPOSITORY, load
from localcloud.errors import SoakFailed
from localcloud.provision import client, provision
from localcloud.service import base_environment, python_of
from localcloud.soak.books import Books
from localcloud.soak.processes import by_role
from localcloud.soak.producer import Producer
from localcloud.state_file import read_state_file, read_variables
from monitoring.storage import database

GOOD = ("1", "2", "3")
BAD = "damaged"
SERVICES = ("emulator", "postgres", "lambda", "monitoring")
_SETTLE_SECONDS = 120.0
_QUIET_SECONDS = 1.0
_POLL_SECONDS = 0.1


class Current:
    """A client of whichever endpoint the stack has now: a restart may change its port."""

    def __init__(self) -> None:
        self.client: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


class World:
    """One stack under the real supervisor, in a state directory of its own."""

    producer: Producer

    def __init__(
        self, state: Path, variables_file: Path, endpoint: str | None, books: Books
    ) -> None:
        self.state, self.endpoint, self.books = state, endpoint, books
        self.configuration = load(variables_file)
        self.kinesis, self.s3, self.sqs = Current(), Current(), Current()
        self.variables: dict[str, str] = {}
        self.version = GOOD[0]
        self._options = ["--variables", str(variables_file), "--free-ports"]
        self._options += ["--endpoint", endpoint] if endpoint else []
        self._bundles = variables_file.parent / "bundles"
        self.stored = 0
        """How many answers monitoring had stored when that was last looked at."""

    def up(self) -> None:
        """Start the stack, or start it again."""
        control.up(self.state, SERVICES, lambda _: None, self._options)
        self.variables = read_variables(self.state) or {}
        for name in ("kinesis", "s3", "sqs"):
            getattr(self, name).client = client(name, self.variables)

    def down(self) -> None:
        """Stop the stack; state is kept."""
        self.signal("emulator", signal.SIGCONT)
        control.down(self.state)

    def provision(self) -> None:
        """Make again what is missing at the endpoint."""
        provision(self.configuration, self.variables)

    def publish(self) -> None:
        """Put every bundle into the model bucket, the damaged one too, then the pointer."""
        if not self._bundles.exists():
            command: list[str | Path] = [
                python_of("orchestrator"),
                "-m",
                "localcloud.soak.champions",
                self._bundles,
                *GOOD,
            ]
            environment = base_environment(PYTHONPATH=os.fspath(REPOSITORY))
            done = subprocess.run(
                command,
                env=environment,
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SoakFailed(f"no models: {done.stderr[-500:]}")
        for version in (*GOOD, BAD):
            folder = self._bundles / (GOOD[0] if version == BAD else version)
            model = (folder / MODEL_FILE).read_bytes()
            manifest = (folder / MANIFEST_FILE).read_bytes()
            self._put(f"{version}/{MODEL_FILE}", model[:-1] if version == BAD else model)
            self._put(f"{version}/{MANIFEST_FILE}", manifest)
        self.point(self.version)

    def point(self, version: str) -> None:
        """Make a version the champion, as far as the pointer says."""
        folder = self._bundles / (GOOD[0] if version == BAD else version)
        digest = sha256_hex((folder / MANIFEST_FILE).read_bytes())
        self.point_raw(msgspec.json.encode(Pointer(version, digest)))
        if version != BAD:
            self.version = version

    def point_raw(self, data: bytes) -> None:
        """Put any bytes where the pointer lies."""
        self._put(POINTER_FILE, data)

    def unpoint(self) -> None:
        """Delete the pointer."""
        self.s3.delete_object(
            Bucket=self.configuration.model_bucket_name, Key=self._key(POINTER_FILE)
        )

    def _key(self, name: str) -> str:
        return f"models/{self.configuration.model_name}/{name}"

    def _put(self, name: str, data: bytes) -> None:
        bucket = self.configuration.model_bucket_name
        self.s3.put_object(Bucket=bucket, Key=self._key(name), Body=data)

    def processes(self) -> dict[str, list[int]]:
        """Return the stack's processes by role."""
        recorded = read_state_file(self.state)
        return by_role(recorded.pid) if recorded else {}

    def signal(self, role: str, number: int) -> int:
        """Send a signal to every process of a role; return how many there were."""
        pids = self.processes().get(role, [])
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return len(pids)

    def look(self) -> None:
        """See how many answers monitoring has stored, unless the database is away."""
        try:
            with closing(database.connect(self.variables["DATABASE_URL"])) as connection:
                with database.transaction(connection) as cursor:
                    sql = "SELECT coalesce(sum(inserted + rejected), 0) FROM ingest_batches"
                    self.stored = int(database.scalar(cursor, sql))
        except psycopg2.Error:
            pass

    def wait(self, condition: Callable[[], object], seconds: float) -> bool:
        """Wait for a condition; False where it did not come true in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def settled(self) -> bool:
        """Wait until every input that was put is read, answered and stored."""
        books, last = self.books, -1
        deadline = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline:
            seen = all(map(books.knows, self.producer.last.values()))
            if seen and not books.open and books.asked == last <= self.stored:
                return True
            last = books.asked
            time.sleep(_QUIET_SECONDS)
        return False

    @contextmanager
    def drained(self) -> Iterator[None]:
        """Hold the traffic and wait until nothing is under way: what follows destroys records.

        A stream that is deleted takes its records along, and the emulator's split those of the
        parent; no service could answer or store them.
        """
        self.producer.pause()
        try:
            if not self.settled():
                raise SoakFailed("not every input was answered and stored once the traffic rested")
            yield
        finally:
            self.producer.resume()
