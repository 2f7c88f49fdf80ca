"""The auditor is right about a faultless run, and each way of spoiling one is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from localcloud.soak.books import Books, Error, Scored
from tests.localcloud.support.soaked import BATCH, Evidence, answer_to, faultless


def test_a_faultless_run() -> None:
    assert not faultless().findings()


def test_repeats_of_what_was_in_flight_are_none_of_its_faults() -> None:
    """GIVEN a batch that was published and not checkpointed WHEN it comes again, by a newer model
    THEN nothing is wrong."""
    evidence = faultless()
    again = [answer_to(*one, version="2") for one in evidence.inputs[100 : 100 + BATCH]]
    evidence.answers[100 + BATCH : 100 + BATCH] = again
    assert not evidence.findings()


def test_an_answer_may_be_read_before_its_question() -> None:
    evidence = faultless()
    books = Books(50, ("1",))
    books.answer(evidence.answers)
    books.ask(evidence.inputs)
    books.store(evidence.rows)
    assert not books.findings()
    assert books.answered == books.asked == len(evidence.inputs)


def _dropped_chunk(evidence: Evidence) -> None:
    del evidence.answers[60 : 60 + BATCH]
    del evidence.rows[60 : 60 + BATCH]


def _lost_checkpoint(evidence: Evidence) -> None:
    evidence.answers += evidence.answers[:BATCH]


def _checkpoint_ahead(evidence: Evidence) -> None:
    del evidence.answers[-BATCH:]
    del evidence.rows[-BATCH:]


def _doubled_id(evidence: Evidence) -> None:
    evidence.answers[11].prediction_id = evidence.answers[10].prediction_id


def _another_student(evidence: Evidence) -> None:
    evidence.answers[11].prediction = Scored("6")


def _another_code(evidence: Evidence) -> None:
    evidence.answers[13].errors = (Error("not_utf8"),)


def _one_code_more(evidence: Evidence) -> None:
    evidence.answers[13].errors += (Error("not_utf8"),)


def _accepted(evidence: Evidence) -> None:
    evidence.answers[13] = answer_to("id-13", "3")


def _rejected(evidence: Evidence) -> None:
    evidence.answers[11] = answer_to("id-11", "bad~not_json~1")


def _damaged_model(evidence: Evidence) -> None:
    evidence.answers[11].version = "damaged"


def _out_of_order(evidence: Evidence) -> None:
    evidence.answers[10], evidence.answers[17] = evidence.answers[17], evidence.answers[10]


def _of_nobody(evidence: Evidence) -> None:
    evidence.answers.append(answer_to("id-x", "1"))


def _another_time(evidence: Evidence) -> None:
    evidence.answers.append(answer_to("id-190", evidence.inputs[190][1]))
    evidence.answers[-1].event_time = "later"


def _not_stored(evidence: Evidence) -> None:
    evidence.rows.pop()


def _stored_twice(evidence: Evidence) -> None:
    evidence.rows.append(evidence.rows[0])


def _row_of_nobody(evidence: Evidence) -> None:
    evidence.rows.append("id-x")


def _one_id_for_two(evidence: Evidence) -> None:
    evidence.inputs.append(evidence.inputs[0])


def _never_on_the_stream(evidence: Evidence) -> None:
    evidence.acknowledged.append("id-x")


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (_dropped_chunk, f"{BATCH} inputs have no answer"),
        (_lost_checkpoint, "a checkpoint was lost"),
        (_checkpoint_ahead, f"{BATCH} inputs have no answer"),
        (_doubled_id, "1 inputs have no answer"),
        (_doubled_id, "differ from an earlier one of the same prediction id"),
        (_another_student, "say ok another student"),
        (_another_code, "say rejected not_utf8, due was not_json"),
        (_one_code_more, "say rejected not_json, not_utf8, due was not_json"),
        (_accepted, "1 answers say ok"),
        (_rejected, "1 answers say rejected not_json"),
        (_damaged_model, "version 'damaged', which may not serve"),
        (_out_of_order, "before one to an earlier record of the same student"),
        (_of_nobody, "1 answers belong to no input"),
        (_another_time, "differ from an earlier one"),
        (_not_stored, "1 answers are not in the database"),
        (_stored_twice, "in the database more than once"),
        (_row_of_nobody, "rows of the database belong to no input"),
        (_one_id_for_two, "inputs of one prediction id"),
        (_never_on_the_stream, "taken by the stream and are not on it"),
    ],
)
def test_a_spoilt_run_is_found_out(spoil: Callable[[Evidence], None], found: str) -> None:
    evidence = faultless()
    spoil(evidence)
    assert any(found in finding for finding in evidence.findings()), evidence.findings()
