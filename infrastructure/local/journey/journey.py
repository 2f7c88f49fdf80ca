"""The steps of `make run`, in order. Everything is real but AWS itself, which an emulator plays."""

from __future__ import annotations

import io
import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd

from inference.identity import prediction_id
from infrastructure.local.journey import cohort, mage
from infrastructure.local.journey.console import Narrator
from infrastructure.local.journey.errors import JourneyFailed
from infrastructure.local.journey.summary import Findings, render
from infrastructure.local.journey.tally import Tally
from infrastructure.local.journey.traffic import Feeder, Reader
from infrastructure.local.provision import client
from infrastructure.local.stack import SERVERS, Stack

SEED = 42
ANSWER_SECONDS = 60.0
TRICKLE = 240
"""Records sent a few at a time, for latency; the rest goes at once, for throughput."""


class Journey:
    """One run over a fresh state directory (kept afterwards, for its logs)."""

    def __init__(self, state: Path, trials: int) -> None:
        self.state = state
        self._trials = trials
        self._narrator = Narrator(steps=5)
        self._stack = Stack(
            state,
            services=SERVERS,
            on_ready=lambda service: self._narrator.say(f"{service.name:9} {service.url}"),
        )

    def run(self) -> int:
        """Walk the steps; return the exit code: 0 only if every input has exactly one answer."""
        started = time.monotonic()
        shutil.rmtree(self.state, ignore_errors=True)
        narrator = self._narrator
        try:
            with narrator.step("Start the emulator, Postgres, MLflow and Mage"):
                self._stack.start()
            findings = self._walk()
        finally:
            with narrator.step("Stop everything"):
                self._stack.stop()
        findings.seconds = time.monotonic() - started
        narrator.console.print(render(findings))
        return 1 if findings.problems else 0

    def _walk(self) -> Findings:
        narrator, stack = self._narrator, self._stack
        variables = stack.environment
        with narrator.step("Train in Mage, log to MLflow, publish the champion"):
            arguments = ["--seed", str(SEED), "--trials", str(self._trials)]
            mage.train(variables, arguments, self.state / "logs" / "training.log", narrator.say)
            s3 = client("s3", variables)
            decision = mage.read_json(s3, variables["ARTIFACT_BUCKET"], "outcomes/latest.json")
            students = self._held_out(s3)
        with narrator.step("Deploy the function on the input stream"):
            stack.add("lambda")
            narrator.say(
                f"{stack.configuration.function_name} follows {variables['STUDENTS_STREAM_NAME']}"
            )
        with narrator.step("Stream students in, read predictions back"):
            tally, burst = self._stream(students)
        return Findings(decision=decision, tally=tally, burst=burst, steps=narrator.seconds)

    def _held_out(self, s3: Any) -> pd.DataFrame:
        """The students no model was fitted on: the run's validation and test splits."""
        bucket = self._stack.environment["ARTIFACT_BUCKET"]
        keys = mage.read_json(s3, bucket, "datasets/latest.json")["keys"]
        frames = []
        for split in ("test", "validation"):
            body = s3.get_object(Bucket=bucket, Key=keys[split])["Body"].read()
            frames.append(pd.read_parquet(io.BytesIO(body)).assign(split=split))
        return pd.concat(frames, ignore_index=True)

    def _stream(self, students: pd.DataFrame) -> tuple[Tally, Tally]:
        variables, narrator = self._stack.environment, self._narrator
        kinesis = client("kinesis", variables)
        stream = variables["STUDENTS_STREAM_NAME"]
        arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
            "StreamARN"
        ]

        def identify(shard_id: str, sequence_number: str) -> str:
            return prediction_id(arn, shard_id, sequence_number)

        events = cohort.mixed(cohort.good_events(students), cohort.bad_events(), SEED)
        narrator.say(
            f"{len(students)} held-out students and {len(cohort.bad_events())} broken records"
        )
        tallies = Tally(), Tally()
        with Reader(kinesis, variables["PREDICTIONS_STREAM_NAME"]) as reader:
            for tally, part, pace in (
                (tallies[0], events[:TRICKLE], (5, 0.05)),
                (tallies[1], events[TRICKLE:], (500, 0.0)),
            ):
                with narrator.progress("answers", len(part)) as advance:
                    Feeder(kinesis, stream, identify, tally).put(part, *pace)
                    reader.settle(tally, ANSWER_SECONDS, advance)
        if not tallies[0].answers:
            raise JourneyFailed(f"no prediction came back; see {self.state / 'logs'}")
        return tallies
