"""The steps of `make run`, in order. Everything is real but AWS itself, which an emulator plays."""

import io
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd

from contract.bundle import (
    MANIFEST_FILE,
    MODEL_FILE,
    POINTER_FILE,
    parse_manifest,
    parse_pointer,
)
from localcloud.demo import cohort
from localcloud.demo.console import Progress
from localcloud.demo.drift_loop import SETTINGS, Loop
from localcloud.demo.summary import BURST, COLD, PACED, Findings, render
from localcloud.demo.traffic import Traffic
from localcloud.errors import DemoFailed
from localcloud.provision import client, remove
from localcloud.stack import SERVERS, Options, Stack
from localcloud.train import follow

SEED = 42
COLD_RECORDS = 20
"""Sent first, so that every shard's function has started when latency is measured."""
BURST_RECORDS = 480
"""Sent last and at once, for throughput; those between go a few at a time, for latency."""


class Demo:
    """One run over a fresh state directory (kept afterwards, for its logs)."""

    def __init__(self, state: Path, trials: int, options: Options = Options()) -> None:
        self.state = state
        self._trials = trials
        self._progress = Progress(steps=7)
        self._stack = Stack(
            state,
            services=SERVERS,
            on_ready=lambda service: self._progress.say(f"{service.name:9} {service.url}"),
            options=options,
        )

    def run(self) -> int:
        """Walk the steps; return the exit code: 0 only if every input has exactly one answer."""
        started = time.monotonic()
        shutil.rmtree(self.state, ignore_errors=True)
        progress = self._progress
        try:
            with progress.step("Start the emulator, Postgres, MLflow, Mage and monitoring"):
                self._stack.start()
                self._stack.environment |= SETTINGS
                self._stack.add("monitoring")
            findings = self._walk()
        finally:
            with progress.step("Stop everything"):
                self._stack.stop()
        findings.seconds = time.monotonic() - started
        progress.console.print(render(findings))
        return 1 if findings.problems else 0

    def remove(self) -> None:
        """Delete what the run has made at the AWS endpoint."""
        remove(self._stack.configuration, self._stack.environment)

    def _walk(self) -> Findings:
        progress, stack = self._progress, self._stack
        variables = stack.environment
        with progress.step("Train in Mage, log to MLflow, publish the champion"):
            arguments = ["--seed", str(SEED), "--trials", str(self._trials), "--repeats", "0"]
            log = self.state / "logs" / "training.log"
            if code := follow(variables, arguments, log, progress.say):
                raise DemoFailed(f"training ended with exit code {code}; see {log}")
            s3 = client("s3", variables)
            decision = json.loads(self._stored(s3, "outcomes/latest.json"))
            students = self._held_out(s3)
        with progress.step("Deploy the function on the input stream"):
            stack.add("lambda")
        with Traffic(variables) as traffic:
            loop = Loop(stack, traffic, students, progress)
            with progress.step("Stream students in, read predictions back"):
                self._stream(students, traffic)
                loop.quiet()
            with progress.step("Stream a shifted cohort: more absences that cost less, less study"):
                loop.drift()
            with progress.step("Late labels arrive; retrain in Mage, pass the gate, swap"):
                loop.label(self.state)
                loop.retrain()
            final = self._final(s3)
        problems = loop.problems
        if final["version"] != decision["version"]:
            if self._model(s3, decision["version"]) == self._model(s3, final["version"]):
                problems = [*problems, "the promoted model is the old champion's very file"]
        return Findings(
            decision, traffic.tally, loop=loop.seen, loop_problems=problems, final=final
        )

    def _final(self, s3: Any) -> dict[str, Any]:
        """The outcome of the run whose model serves now."""
        version = parse_pointer(self._published(s3, POINTER_FILE)).version
        bucket = self._stack.environment["ARTIFACT_BUCKET"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="outcomes/")["Contents"]
        outcomes = [json.loads(self._stored(s3, item["Key"])) for item in listed]
        found: dict[str, Any] = next(each for each in outcomes if each["version"] == version)
        return found

    def _model(self, s3: Any, version: str) -> str:
        """The sha256 of a published model."""
        manifest = parse_manifest(self._published(s3, f"{version}/{MANIFEST_FILE}"))
        return manifest.sha256[MODEL_FILE]

    def _published(self, s3: Any, name: str) -> bytes:
        """A file of the model's folder."""
        variables = self._stack.environment
        key = f"models/{variables['MODEL_NAME']}/{name}"
        body: bytes = s3.get_object(Bucket=variables["MODEL_BUCKET"], Key=key)["Body"].read()
        return body

    def _held_out(self, s3: Any) -> pd.DataFrame:
        """The students no model was fitted on: the run's validation and test splits."""
        keys = json.loads(self._stored(s3, "datasets/latest.json"))["keys"]
        frames = []
        for split in ("test", "validation"):
            rows = pd.read_parquet(io.BytesIO(self._stored(s3, keys[split])))
            frames.append(rows.assign(split=split))
        return pd.concat(frames, ignore_index=True)

    def _stored(self, s3: Any, key: str) -> bytes:
        """What training left in the artifact bucket."""
        bucket = self._stack.environment["ARTIFACT_BUCKET"]
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def _stream(self, students: pd.DataFrame, traffic: Traffic) -> None:
        good, bad = cohort.good_events(students), cohort.bad_events()
        events = cohort.mixed(good, bad, SEED)
        self._progress.say(f"{len(good)} held-out students and {len(bad)} broken records")
        with self._progress.bar("answers", len(events)) as advance:
            traffic.send(events[:COLD_RECORDS], COLD, advance=advance)
            traffic.send(events[COLD_RECORDS:-BURST_RECORDS], PACED, (5, 0.05), advance)
            traffic.send(events[-BURST_RECORDS:], BURST, advance=advance)
