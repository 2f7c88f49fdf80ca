"""The auditor: what was asked, what was answered, what is stored, and whether that adds up. Pure.

Its books know the streams and the database only. An answer may be read before its question (two
readers, two streams), so what belongs to no question is judged at the end.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from localcloud.soak.records import due, in_order


class Error(msgspec.Struct, gc=False):
    """A rejection's code."""

    code: str


class Scored(msgspec.Struct, gc=False):
    """Whom a prediction is about."""

    student_id: int | str


class Answer(msgspec.Struct, gc=False):
    """What the auditor reads of a record of the output stream."""

    prediction_id: str
    status: str
    version: str
    event_time: str
    prediction: Scored | None = None
    errors: tuple[Error, ...] = ()

    def says(self) -> tuple[str, ...]:
        """Return the codes of a rejection, else the student's id."""
        if self.status == "rejected":
            return ("rejected", *sorted({error.code for error in self.errors}))
        return (self.status, str(self.prediction.student_id if self.prediction else ""))


class Question(msgspec.Struct, gc=False):
    """One user record of the input stream and what has become of it so far."""

    key: str
    answers: int = 0
    first: int = -1
    said: int = 0
    stored: int = 0

    def wanted(self) -> tuple[str, ...]:
        """Return what its answer must say."""
        code = due(self.key)
        return ("ok", self.key) if code is None else ("rejected", code)


class Books:
    """Kept while the soak runs, closed by ``findings``.

    ``reach``: how many answers may lie between one and its repeat. What was in flight when a
    process died comes again; what comes again from further back was done and forgotten.
    """

    def __init__(self, reach: int, versions: Iterable[str]) -> None:
        self._reach = reach
        self._versions = frozenset(versions)
        self._lock = threading.Lock()
        self._questions: dict[str, Question] = {}
        self._early: dict[str, list[tuple[int, Answer]]] = {}
        self._serial = 0
        self._wrong: Counter[str] = Counter()
        self._strangers = 0
        self._lost: set[str] = set()
        self.open: set[str] = set()
        self.repeats = 0
        self.served: Counter[str] = Counter()

    @property
    def asked(self) -> int:
        """How many inputs there are."""
        return len(self._questions)

    @property
    def answered(self) -> int:
        """How many of them have an answer."""
        return len(self._questions) - len(self.open)

    def knows(self, identity: str) -> bool:
        """Tell whether this input has been read."""
        return identity in self._questions

    def ask(self, inputs: Iterable[tuple[str, str]]) -> None:
        """Note (prediction id, partition key) of inputs, in the input stream's order."""
        with self._lock:
            for identity, key in inputs:
                if identity in self._questions:
                    self._wrong["inputs of one prediction id"] += 1
                    continue
                self._questions[identity] = Question(key)
                self.open.add(identity)
                for serial, answer in self._early.pop(identity, ()):
                    self._settle(serial, answer, self._questions[identity])

    def answer(self, answers: Iterable[Answer]) -> None:
        """Note answers, in the output stream's order."""
        with self._lock:
            for answer in answers:
                self._serial += 1
                question = self._questions.get(answer.prediction_id)
                if question is None:
                    early = self._early.setdefault(answer.prediction_id, [])
                    early.append((self._serial, answer))
                else:
                    self._settle(self._serial, answer, question)

    def _settle(self, serial: int, answer: Answer, question: Question) -> None:
        said = answer.says()
        # The same student again, answered by a newer model, may get another grade.
        content = hash((said, answer.event_time))
        question.answers += 1
        if answer.version not in self._versions:
            self._wrong[f"answers by version {answer.version!r}, which may not serve"] += 1
        if said != (wanted := question.wanted()):
            self._wrong[
                f"answers say {said[0]} {self._words(said)}, due was {self._words(wanted)}"
            ] += 1
        if question.answers == 1:
            question.first, question.said = serial, content
            self.open.discard(answer.prediction_id)
            self.served[answer.version] += 1
            return
        self.repeats += 1
        if question.said != content:
            self._wrong["answers differ from an earlier one of the same prediction id"] += 1
        if serial - question.first > self._reach:
            self._wrong["answers repeat what was done long before: a checkpoint was lost"] += 1

    @staticmethod
    def _words(said: tuple[str, ...]) -> str:
        return "another student" if said[0] == "ok" else ", ".join(said[1:]) or "nothing"

    def acknowledged(self, identities: Iterable[str]) -> None:
        """Note inputs that the stream said it has taken; it must show each."""
        self._lost.update(one for one in identities if one not in self._questions)

    def store(self, identities: Iterable[str]) -> None:
        """Note the prediction ids of rows in the database."""
        for identity in identities:
            question = self._questions.get(identity)
            if question is None:
                self._strangers += 1
            else:
                question.stored += 1

    def findings(self) -> list[str]:
        """Return what is not as it must be, in words; nothing where all is well."""
        return list(self._findings())

    def _findings(self) -> Iterator[str]:
        questions = self._questions.values()
        counts = {
            "inputs have no answer": len(self.open),
            "answers belong to no input": sum(map(len, self._early.values())),
            **self._wrong,
            "answers came before one to an earlier record of the same student": self._unordered(),
            "inputs were taken by the stream and are not on it": len(self._lost),
            "answers are not in the database": sum(
                q.answers > 0 and not q.stored for q in questions
            ),
            "answers are in the database more than once": sum(q.stored > 1 for q in questions),
            "rows of the database belong to no input": self._strangers,
        }
        yield from (f"{count:,} {what}" for what, count in counts.items() if count)

    def _unordered(self) -> int:
        latest: dict[str, int] = {}
        wrong = 0
        for question in self._questions.values():
            if question.answers and in_order(question.key):
                wrong += question.first < latest.get(question.key, -1)
                latest[question.key] = max(question.first, latest.get(question.key, -1))
        return wrong
