"""The steps of `make run`, in order. Everything is real but AWS itself, which an emulator plays."""

from __future__ import annotations

import io
import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd

from localcloud.demo import cohort, training
from localcloud.demo.console import Narrator
from localcloud.demo.drift_loop import SETTINGS, Loop
from localcloud.demo.summary import BURST, COLD, PACED, Findings, render
from localcloud.demo.traffic import Traffic
from localcloud.provision import client
from localcloud.removal import remove
from localcloud.stack import SERVERS, Options, Stack

SEED = 42
COLD_RECORDS = 20
"""Sent first, so that every shard's function has started when latency is measured."""
BURST_RECORDS = 480
"""Sent last and at once, for throughput; those between go a few at a time, for latency."""


class Journey:
    """One run over a fresh state directory (kept afterwards, for its logs)."""

    def __init__(self, state: Path, trials: int, options: Options = Options()) -> None:
        self.state = state
        self._trials = trials
        self._narrator = Narrator(steps=7)
        self._stack = Stack(
            state,
            services=SERVERS,
            on_ready=lambda service: self._narrator.say(f"{service.name:9} {service.url}"),
            options=options,
        )

    def run(self) -> int:
        """Walk the steps; return the exit code: 0 only if every input has exactly one answer."""
        started = time.monotonic()
        shutil.rmtree(self.state, ignore_errors=True)
        narrator = self._narrator
        try:
            with narrator.step("Start the emulator, Postgres, MLflow, Mage and monitoring"):
                self._stack.start()
                self._stack.environment |= SETTINGS
                self._stack.add("monitoring")
            findings = self._walk()
        finally:
            with narrator.step("Stop everything"):
                self._stack.stop()
        findings.seconds = time.monotonic() - started
        narrator.console.print(render(findings))
        return 1 if findings.problems else 0

    def remove(self) -> None:
        """Delete what the run has made at the AWS endpoint."""
        remove(self._stack.configuration, self._stack.environment)

    def _walk(self) -> Findings:
        narrator, stack = self._narrator, self._stack
        variables = stack.environment
        with narrator.step("Train in Mage, log to MLflow, publish the champion"):
            arguments = ["--seed", str(SEED), "--trials", str(self._trials), "--repeats", "0"]
            training.train(variables, arguments, self.state / "logs" / "training.log", narrator.say)
            s3 = client("s3", variables)
            decision = training.read_json(s3, variables["ARTIFACT_BUCKET"], "outcomes/latest.json")
            students = self._held_out(s3)
        with narrator.step("Deploy the function on the input stream"):
            stack.add("lambda")
        with Traffic(variables) as traffic:
            loop = Loop(stack, traffic, students, narrator)
            with narrator.step("Stream students in, read predictions back"):
                self._stream(students, traffic)
                loop.quiet()
            with narrator.step("Stream a shifted cohort: more absences, less study"):
                loop.drift()
            with narrator.step("Late labels arrive; retrain in Mage, pass the gate, swap"):
                loop.label(self.state)
                loop.retrain()
        return Findings(decision, traffic.tally, loop=loop.found, loop_problems=loop.problems)

    def _held_out(self, s3: Any) -> pd.DataFrame:
        """The students no model was fitted on: the run's validation and test splits."""
        bucket = self._stack.environment["ARTIFACT_BUCKET"]
        keys = training.read_json(s3, bucket, "datasets/latest.json")["keys"]
        frames = []
        for split in ("test", "validation"):
            body = s3.get_object(Bucket=bucket, Key=keys[split])["Body"].read()
            frames.append(pd.read_parquet(io.BytesIO(body)).assign(split=split))
        return pd.concat(frames, ignore_index=True)

    def _stream(self, students: pd.DataFrame, traffic: Traffic) -> None:
        good, bad = cohort.good_events(students), cohort.bad_events()
        events = cohort.mixed(good, bad, SEED)
        self._narrator.say(f"{len(good)} held-out students and {len(bad)} broken records")
        with self._narrator.progress("answers", len(events)) as advance:
            traffic.send(events[:COLD_RECORDS], COLD, progress=advance)
            traffic.send(events[COLD_RECORDS:-BURST_RECORDS], PACED, (5, 0.05), advance)
            traffic.send(events[-BURST_RECORDS:], BURST, progress=advance)
