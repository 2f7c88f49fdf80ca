"""Who was asked and what came back: the journey's books. Pure.

Every put record has one expected prediction id (its stream, shard and sequence number make it), so
"exactly one answer per input" is a statement about sets, checked here and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infrastructure.local.journey.cohort import Event


@dataclass
class Tally:
    """Expected answers by prediction id, and the answers seen so far (times in seconds)."""

    expected: dict[str, tuple[Event, float]] = field(default_factory=dict)
    answers: dict[str, tuple[dict[str, Any], float]] = field(default_factory=dict)
    repeated: int = 0
    strangers: int = 0

    def put(self, prediction_id: str, event: Event, moment: float) -> None:
        """Record that ``event`` is on the input stream since ``moment``."""
        self.expected[prediction_id] = (event, moment)

    def read(self, answer: dict[str, Any], moment: float) -> None:
        """Record an answer read back at ``moment``; repeats (at-least-once) count apart."""
        identity = answer["prediction_id"]
        if identity not in self.expected:
            self.strangers += 1
        elif identity in self.answers:
            self.repeated += 1
        else:
            self.answers[identity] = (answer, moment)

    @property
    def missing(self) -> int:
        """Inputs without an answer."""
        return len(self.expected) - len(self.answers)

    def wrong(self) -> list[str]:
        """What is not as it must be, in words: an empty list is the journey's success."""
        problems = []
        if self.missing:
            problems.append(f"{self.missing} of {len(self.expected)} inputs have no answer")
        if self.strangers:
            problems.append(f"{self.strangers} answers belong to no input")
        for identity, (answer, _) in self.answers.items():
            event = self.expected[identity][0]
            codes = {error["code"] for error in answer.get("errors", ())}
            if event.code is None and answer["status"] != "ok":
                problems.append(f"a good record was rejected: {sorted(codes)}")
            elif event.code is not None and event.code not in codes:
                problems.append(f"a record due for {event.code} got {sorted(codes) or 'ok'}")
        return problems

    def rejections(self) -> Counter[str]:
        """Rejected answers by their first code."""
        return Counter(
            answer["errors"][0]["code"]
            for answer, _ in self.answers.values()
            if answer["status"] == "rejected"
        )

    def versions(self) -> Counter[str]:
        """Predictions by model version."""
        return Counter(a["version"] for a, _ in self.answers.values() if a["status"] == "ok")

    def grades(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """True and predicted GradeClass of the answered good records, both of shape (n,)."""
        pairs = [
            (self.expected[identity][0].truth, answer["prediction"]["GradeClass"])
            for identity, (answer, _) in self.answers.items()
            if answer["status"] == "ok"
        ]
        both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def accuracy(self) -> float:
        """Share of answered good records whose grade was right; NaN where there are none."""
        truth, predicted = self.grades()
        return float(np.mean(truth == predicted)) if len(truth) else float("nan")

    def latencies(self) -> NDArray[np.float64]:
        """Seconds from put to read back, per answer."""
        return np.array(
            [moment - self.expected[identity][1] for identity, (_, moment) in self.answers.items()]
        )

    def records_per_second(self) -> float:
        """Answers over the time from the first put to the last answer read back."""
        first = min(moment for _, moment in self.expected.values())
        last = max(moment for _, moment in self.answers.values())
        return len(self.answers) / max(last - first, 1e-9)
