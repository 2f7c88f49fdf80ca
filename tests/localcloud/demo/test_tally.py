"""The books of `make run`: what counts as one answer each."""

import pytest

from localcloud.demo.cohort import Event
from localcloud.demo.tally import Tally
from tests.localcloud.support.answers import answer


def test_tally_counts_one_answer_each_and_repeats_apart():
    tally = Tally()
    for number in range(3):
        tally.put(f"p{number}", Event(b"", "k", truth=2), 10.0, "paced")
    tally.read(answer("p0"), 10.5)
    tally.read(answer("p0"), 10.6)
    tally.read(answer("elsewhere"), 10.6)
    assert (tally.missing, tally.repeated, tally.strangers) == (2, 1, 1)
    assert len(tally.wrong()) == 2
    assert tally.grades("paced").tolist() == [[2, 2]]
    assert tally.latencies("paced") == pytest.approx([0.5])
    assert tally.latencies("burst").size == 0


def test_tally_names_a_rejection_with_another_code():
    tally = Tally()
    tally.put("bad", Event(b"", "k", code="not_json"), 0.0, "paced")
    tally.read(answer("bad", status="rejected", errors=[{"code": "not_utf8"}]), 1.0)
    assert tally.wrong() == ["a record due for not_json got not_utf8"]
    assert tally.rejections() == {"not_utf8": 1}


def test_tally_names_a_good_record_that_was_rejected():
    tally = Tally()
    tally.put("good", Event(b"", "k", truth=1), 0.0, "paced")
    tally.read(answer("good", status="rejected", errors=[{"code": "out_of_range"}]), 1.0)
    assert "good record was rejected" in tally.wrong()[0]


def test_throughput_spans_first_put_to_last_answer():
    tally = Tally()
    for number in range(4):
        tally.put(f"p{number}", Event(b"", "k", truth=2), 10.0 + number, "burst")
        tally.read(answer(f"p{number}"), 12.0 + number)
    assert tally.records_per_second("burst") == pytest.approx(4 / 5)
    assert tally.versions("burst") == {"1": 4}
