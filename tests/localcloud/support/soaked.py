"""A faultless soak's evidence, to be spoilt by tests: inputs, their answers, their rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from localcloud.soak.books import Answer, Books, Error, Scored
from localcloud.soak.records import due

REACH = 50
BATCH = 20


def answer_to(identity: str, key: str, version: str = "1") -> Answer:
    """The right answer to the input of this id and key."""
    code = due(key)
    scored = Scored(key) if code is None else None
    errors = () if code is None else (Error(code),)
    return Answer(identity, "rejected" if code else "ok", version, "then", scored, errors)


@dataclass
class Evidence:
    """What the streams and the database showed, in their order."""

    inputs: list[tuple[str, str]]
    answers: list[Answer]
    rows: list[str]
    acknowledged: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        """What the auditor says about it."""
        books = Books(REACH, ("1", "2"))
        books.ask(self.inputs)
        books.answer(self.answers)
        books.acknowledged(self.acknowledged)
        books.store(self.rows)
        return books.findings()


def faultless(size: int = 200) -> Evidence:
    """Evidence of a run without a fault: good records of 7 students, and broken ones."""
    keys = [f"bad~not_json~{n}" if n % 10 == 3 else str(n % 7) for n in range(size)]
    inputs = [(f"id-{number}", key) for number, key in enumerate(keys)]
    answers = [answer_to(identity, key) for identity, key in inputs]
    names = [identity for identity, _ in inputs]
    return Evidence(inputs, answers, names, list(names))
