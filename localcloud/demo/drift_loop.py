"""Drift, alarm, labels, retraining, a new model: the second half of `make run`."""

import csv
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from contract.scores import f1_by_grade
from localcloud.configuration import REPOSITORY
from localcloud.demo import cohort
from localcloud.demo.console import Progress
from localcloud.demo.traffic import Traffic
from localcloud.errors import DemoFailed
from localcloud.service import base_environment
from localcloud.services.mailbox import mails
from localcloud.stack import Stack
from monitoring.storage import database, status

SETTINGS = {
    # A demo cannot wait minutes for what a school gives hours; the thresholds are the real ones.
    "MODEL_REFRESH_SECONDS": "2",
    "WORKER_TICK_SECONDS": "0.2",
    "WINDOW_LIMIT_SECONDS": "600",
    "WINDOW_REPORTS": "notable",
    "RETRAIN_MINIMUM_LABELS": "200",
    "RETRAIN_TRIALS": "2",
}
SHIFTED = 400
RECOVERY_ROUNDS = 8
ROUND_SECONDS = 3.0
POLL_SECONDS = 0.25
PATIENCE_SECONDS = 300.0
TRAINING_SECONDS = 1200.0
"""Many times what it takes: a busy laptop is no failure."""
RETRAINED = {
    "promoted": "the challenger is promoted",
    "refused": "the challenger is refused, the champion stays",
    "unchanged": "the model is unchanged: nothing was swapped",
    "failed": "training failed, the champion stays",
}
State = dict[str, Any]
T = TypeVar("T")


class Loop:
    """Walks the loop over a running stack; ``seen`` holds what the summary shows."""

    def __init__(
        self, stack: Stack, traffic: Traffic, students: pd.DataFrame, progress: Progress
    ) -> None:
        self.seen: dict[str, str] = {}
        self.problems: list[str] = []
        self._stack, self._traffic, self._progress = stack, traffic, progress
        self._students = students
        self._started = 0.0

    def quiet(self) -> None:
        """Wait until the normal stream is judged; an alarm on it is a false one."""
        answered = sum(self._traffic.tally.versions().values())
        rows = 200 * (answered // 200)
        state = self._until(
            "the normal stream was not judged",
            lambda s: sum(w["row_count"] for w in s["windows"] if w["verdict"]) >= rows,
        )
        verdicts = [window["verdict"] for window in state["windows"] if window["verdict"]]
        self._progress.say(f"{len(verdicts)} windows of normal students: {', '.join(verdicts)}")
        if state["incidents"]:
            self.problems.append("an alarm was raised before any drift")

    def drift(self) -> None:
        """Stream the shifted cohort and wait for the alarm and its mail."""
        self._started = time.time()
        self._send("drift", seed=1)
        state = self._until("no alarm was raised", lambda s: s["incidents"])
        incident = state["incidents"][0]
        seconds = incident["opened_at"].timestamp() - self._started
        self.seen["drift to alarm"] = f"{seconds:.1f} s from the first shifted record"
        self._progress.say(f"alarm: {incident['reasons'][0]}")
        variables = self._stack.environment
        endpoint, recipients = variables["AWS_ENDPOINT_URL"], variables["ALERT_RECIPIENTS"]
        recipient = recipients.partition(",")[0]
        mail = until(lambda: mails(endpoint, recipient), self._failure("no mail was sent"))[0]
        self._progress.say(f"mail to {', '.join(mail.recipients)}: {mail.subject}")
        for line in mail.text.strip().splitlines():
            self._progress.quote(line)

    def label(self, directory: Path) -> None:
        """Deliver the cohort's true grades, late, as a school would: a CSV file."""
        path = directory / "labels.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["prediction_id", "GradeClass"])
            for identity, asked, _ in self._traffic.tally.pairs("drift"):
                writer.writerow([identity, asked.event.truth])
        done = subprocess.run(
            [sys.executable, "-m", "monitoring", "--log-level", "WARNING", "labels", str(path)],
            cwd=REPOSITORY,
            env=base_environment(**self._stack.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoFailed(f"the labels were not loaded: {done.stderr.strip()}")
        self._progress.say(done.stdout.strip())

    def retrain(self) -> None:
        """Wait for the retraining Mage was asked for, and for the gate's verdict."""
        state = self._until(
            "retraining did not end", lambda s: s["outcomes"], seconds=TRAINING_SECONDS
        )
        outcome = state["outcomes"][-1]
        verdict = outcome["outcome"]
        self.seen["retraining"] = RETRAINED.get(verdict, verdict)
        self._progress.say(f"the gate's word on the challenger, {verdict}:")
        for reason in outcome["reasons"] or ():
            self._progress.quote(reason)
        old = str(self._traffic.tally.versions("drift").most_common(1)[0][0])
        self.seen["shifted students"] = f"{self._right('drift', old)} by version {old}"
        if verdict == "promoted":
            self._recover(str(outcome["version"]), old)
        else:
            # The rule has changed and the labels say so: whoever learns from them is better.
            self.problems.append(f"the late labels changed nothing: {self.seen['retraining']}")

    def _recover(self, version: str, old: str) -> None:
        """Stream on: the new version must answer with no redeploy, and the incident must end."""
        try:
            self._stream_on(version)
        finally:
            after = self._right(None, version)
            self.seen["shifted students"] += f", {after} by version {version}"
        if self._f1(None, version) <= self._f1("drift", old):
            self.problems.append(f"version {version} answers no better than version {old}")

    def _right(self, phase: str | None, version: str) -> str:
        rows = self._traffic.tally.grades(phase, version)
        if rows.size == 0:
            return "none answered"
        right = (rows[:, 0] == rows[:, 1]).mean()
        return f"{right:.0%} right, f1-macro {self._f1(phase, version):.3f}"

    def _f1(self, phase: str | None, version: str) -> float:
        rows = self._traffic.tally.grades(phase, version)
        return float(f1_by_grade(rows[:, 0], rows[:, 1]).mean())

    def _stream_on(self, version: str) -> None:
        for number in range(RECOVERY_ROUNDS):
            phase = f"recovery {number}"
            self._send(phase, seed=10 + number, count=200)
            served = self._traffic.tally.versions(phase)
            if version in served and "drift to new model" not in self.seen:
                first = min(
                    answered.moment
                    for _, _, answered in self._traffic.tally.pairs(phase)
                    if answered.answer["version"] == version
                )
                seconds = first - self._started
                self.seen["drift to new model"] = f"{seconds:.0f} s, version {version} answers"
                self._progress.say(f"version {version} answers, with no redeploy")
            time.sleep(ROUND_SECONDS)
            if not self._status()["open_incidents"]:
                self._progress.say("the incident has ended")
                return
        self.problems.append(f"the incident was still open after version {version} took over")

    def _send(self, phase: str, seed: int, count: int = SHIFTED) -> None:
        moved = cohort.shifted(self._students, count, seed)
        with self._progress.bar("answers to shifted students", count) as advance:
            self._traffic.send(cohort.good_events(moved), phase, (100, 0.05), advance)

    def _status(self) -> State:
        with closing(database.connect(self._stack.environment["DATABASE_URL"])) as connection:
            return status.read(connection)

    def _until(
        self, failure: str, holds: Callable[[State], Any], seconds: float = PATIENCE_SECONDS
    ) -> State:
        def look() -> State | None:
            state = self._status()
            return state if holds(state) else None

        return until(look, self._failure(failure), seconds)

    def _failure(self, text: str) -> str:
        return f"{text}; see {self._stack.state / 'logs' / 'monitoring.log'}"


def until(look: Callable[[], T | None], failure: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Look until there is something to see and return it; raises DemoFailed at the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := look()):
        if time.monotonic() > deadline:
            raise DemoFailed(f"{failure} (waited {seconds:.0f} s)")
        time.sleep(POLL_SECONDS)
    return value
