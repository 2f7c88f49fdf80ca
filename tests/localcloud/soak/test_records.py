"""What is put is what its key says, by the decoder that serves."""

from __future__ import annotations

import itertools

import pytest

from contract.events import REJECTION_CODES
from inference.stream.aggregation import AggregateError, is_aggregate, user_records
from inference.stream.decoding import decode
from inference.stream.problems import Rejection
from localcloud.soak.records import NEEDLES, Entry, Maker, due, in_order, packed


def some(chunks: int = 40, seed: int = 5) -> list[Entry]:
    """The records of the first chunks."""
    return list(itertools.chain.from_iterable(itertools.islice(Maker(seed).chunks(), chunks)))


def users(entry: Entry) -> list[tuple[str, bytes]]:
    """The user records of an entry."""
    if packed(entry.key) is None:
        return [(entry.key, entry.data)]
    return user_records(entry.data)


def codes(data: bytes, inside: bool) -> set[str]:
    """The codes the service rejects these bytes with, ``inside`` of an aggregate or not."""
    if is_aggregate(data) and not inside:
        with pytest.raises(AggregateError) as refusal:
            user_records(data)
        return {refusal.value.code}
    decoded = decode(data)
    return {p.code for p in decoded.problems} if isinstance(decoded, Rejection) else set()


def test_every_key_says_what_becomes_of_its_record() -> None:
    met = set()
    for entry in some():
        pairs = users(entry)
        assert len(pairs) == entry.size
        for key, data in pairs:
            code = due(key)
            met.add(code)
            assert codes(data, packed(entry.key) is not None) == ({code} if code else set())
            assert code or str(getattr(decode(data), "student_id")) == key
    assert met == {None, *REJECTION_CODES} - {"too_large", "model_failed"}


def test_good_records_carry_what_nothing_may_keep() -> None:
    good = [data for entry in some(5) for key, data in users(entry) if due(key) is None]
    assert good and all(needle in data for data in good for needle in NEEDLES)


def test_the_seed_decides() -> None:
    assert some(10, 7) == some(10, 7)
    assert some(10, 7) != some(10, 8)


def test_chunks_fit_one_call_and_repeat_some_of_the_one_before() -> None:
    chunks = list(itertools.islice(Maker(3).chunks(), 30))
    assert all(len(chunk) <= 500 for chunk in chunks)
    assert all(sum(len(entry.data) for entry in chunk) < 5 * 2**20 for chunk in chunks)
    assert any(set(before) & set(after) for before, after in itertools.pairwise(chunks))


def test_order_is_promised_to_a_students_own_records_alone() -> None:
    assert in_order("4999")
    assert not any(map(in_order, ("1000001", "bad~not_json~7", "aggregate~3~9")))
