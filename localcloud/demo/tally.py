"""Who was asked and what came back: the demo's books. Pure.

Every put record has one expected prediction id (its stream, shard and sequence number make it), so
"exactly one answer per input" is a statement about sets, checked here and nowhere else.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from localcloud.demo.cohort import Event


class Asked(NamedTuple):
    """One input: what it was, when it was put (seconds), in which phase of the demo."""

    event: Event
    moment: float
    phase: str


class Answered(NamedTuple):
    """One answer and when it was read back (seconds)."""

    answer: dict[str, Any]
    moment: float


@dataclass
class Tally:
    """Expected answers by prediction id, and the answers seen so far.

    Whoever asks about a ``phase`` gets that part of the stream; None is all of it.
    """

    expected: dict[str, Asked] = field(default_factory=dict)
    answers: dict[str, Answered] = field(default_factory=dict)
    repeated: int = 0
    strangers: int = 0

    def put(self, prediction_id: str, event: Event, moment: float, phase: str) -> None:
        """Record that ``event`` is on the input stream since ``moment``."""
        self.expected[prediction_id] = Asked(event, moment, phase)

    def read(self, answer: dict[str, Any], moment: float) -> None:
        """Record an answer read back at ``moment``; repeats (at-least-once) count apart."""
        identity = answer["prediction_id"]
        if identity not in self.expected:
            self.strangers += 1
        elif identity in self.answers:
            self.repeated += 1
        else:
            self.answers[identity] = Answered(answer, moment)

    @property
    def missing(self) -> int:
        """Inputs without an answer."""
        return len(self.expected) - len(self.answers)

    def pairs(self, phase: str | None = None) -> Iterator[tuple[str, Asked, Answered]]:
        """Every answered input with its prediction id."""
        for identity, answered in self.answers.items():
            asked = self.expected[identity]
            if phase in (None, asked.phase):
                yield identity, asked, answered

    def wrong(self) -> list[str]:
        """What is not as it must be, in words: an empty list is the demo's success."""
        problems = []
        if self.missing:
            problems.append(f"{self.missing} of {len(self.expected)} inputs have no answer")
        if self.strangers:
            problems.append(f"{self.strangers} answers belong to no input")
        for _, asked, answered in self.pairs():
            codes = sorted({error["code"] for error in answered.answer.get("errors", ())})
            if asked.event.code is None and answered.answer["status"] != "ok":
                problems.append(f"a good record was rejected: {', '.join(codes)}")
            elif asked.event.code is not None and asked.event.code not in codes:
                problems.append(
                    f"a record due for {asked.event.code} got {', '.join(codes) or 'ok'}"
                )
        return problems

    def rejections(self) -> Counter[str]:
        """Rejected answers by their first code."""
        return Counter(
            answered.answer["errors"][0]["code"]
            for _, _, answered in self.pairs()
            if answered.answer["status"] == "rejected"
        )

    def versions(self, phase: str | None = None) -> Counter[str]:
        """Predictions by model version."""
        return Counter(
            answered.answer["version"]
            for _, _, answered in self.pairs(phase)
            if answered.answer["status"] == "ok"
        )

    def grades(self, phase: str | None = None, version: str | None = None) -> NDArray[np.int64]:
        """True and predicted GradeClass of good records, by one version or any, shape (n, 2)."""
        pairs = [
            (asked.event.truth, answered.answer["prediction"]["GradeClass"])
            for _, asked, answered in self.pairs(phase)
            if answered.answer["status"] == "ok" and version in (None, answered.answer["version"])
        ]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def latencies(self, phase: str) -> NDArray[np.float64]:
        """Seconds from put to read back, per answer of a phase."""
        return np.array([done.moment - asked.moment for _, asked, done in self.pairs(phase)])

    def records_per_second(self, phase: str) -> float:
        """Answers over the time from the phase's first put to its last answer read back."""
        pairs = list(self.pairs(phase))
        first = min(asked.moment for _, asked, _ in pairs)
        last = max(answered.moment for _, _, answered in pairs)
        return len(pairs) / max(last - first, 1e-9)
