"""KPL aggregates: unpacked one by one, or refused as a whole."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.stream.aggregation import MAGIC, MAX_USER_RECORDS, AggregateError, user_records
from tests.inference.support.aggregate import aggregate, message, sealed
from tests.inference.support.wire import block, number, varint

PAIRS = st.lists(st.tuples(st.text(min_size=1, max_size=9), st.binary(max_size=400)), min_size=1)


@given(PAIRS)
def test_what_was_packed_is_unpacked(pairs: list[tuple[str, bytes]]) -> None:
    """Keys and data come back in order."""
    pairs = [(key.encode(errors="replace").decode(), data) for key, data in pairs]
    assert user_records(aggregate(pairs)) == pairs


@given(PAIRS, st.data())
def test_any_changed_byte_is_noticed(pairs: list[tuple[str, bytes]], data: st.DataObject) -> None:
    """The digest covers every byte of the message, and the digest itself."""
    pairs = [(key.encode(errors="replace").decode(), body) for key, body in pairs]
    packed = bytearray(aggregate(pairs))
    packed[data.draw(st.integers(len(MAGIC), len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(AggregateError):
        user_records(bytes(packed))


@given(st.binary(max_size=200))
def test_hostile_messages_with_a_right_digest_never_raise_anything_else(body: bytes) -> None:
    """Any message is read or refused by AggregateError."""
    try:
        assert user_records(sealed(body))
    except AggregateError:
        pass


def test_fields_we_do_not_need_are_skipped() -> None:
    """Hash keys, tags and unknown fields of every wire type are passed over."""
    inner = (
        number(1, 0)
        + number(2, 0)
        + block(4, block(1, "tag"))
        + varint(9 << 3 | 1)
        + bytes(8)
        + varint(10 << 3 | 5)
        + bytes(4)
        + block(3, b"data")
    )
    body = block(1, "key") + block(2, "123") + number(7, 300) + block(8, b"?") + block(3, inner)
    assert user_records(sealed(body)) == [("key", b"data")]


RECORD = block(3, number(1, 0) + block(3, b"x"))
HOLDS = "it must hold 1 to 10000 user records"
STRUCTURE = "the structure is wrong"
LACKS = "a user record lacks its key or its data"
LENGTH = "a length points past the end"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", HOLDS),
        (block(1, "key"), HOLDS),
        (RECORD, STRUCTURE),
        (block(1, "key") + block(3, number(1, 1) + block(3, b"x")), STRUCTURE),
        (block(1, "key") + block(3, number(1, 2**63) + block(3, b"x")), STRUCTURE),
        (block(1, b"\xff") + RECORD, STRUCTURE),
        (block(1, "key") + RECORD + varint(3 << 3 | 2), STRUCTURE),
        (block(1, "key") + block(3, block(3, b"x")), LACKS),
        (block(1, "key") + block(3, number(1, 0)), LACKS),
        (block(1, "key") + block(3, number(1, 0) + varint(3 << 3 | 2) + varint(99) + b"x"), LENGTH),
        (block(1, "key") + varint(3 << 3 | 2) + varint(2) + b"x", LENGTH),
        (varint(3 << 3 | 2) + varint(10**6) + b"x", LENGTH),
        (block(1, "key") + RECORD + b"\xff" * 11, "a number has more than 64 bits"),
        (block(1, "key") + varint(5 << 3 | 3), "an unknown wire type"),
        (block(1, "key") + varint(5 << 3 | 5) + b"x", "a number points past the end"),
        (block(1, "key") + varint(5 << 3 | 1) + b"1234567", "a number points past the end"),
    ],
)
def test_a_wrong_structure_is_refused_whole(body: bytes, reason: str) -> None:
    """Missing keys or data, indexes and lengths that point outside, unknown wire types: each is
    refused for what it is, so that no check leans on a later one."""
    with pytest.raises(AggregateError, match=f"^{reason}$"):
        user_records(sealed(body))


def test_a_record_must_end_where_its_length_says() -> None:
    """A user record whose inner field runs into the next one is refused."""
    inner = number(1, 0) + block(3, b"ok") + varint(6 << 3 | 1)
    with pytest.raises(AggregateError, match=LACKS):
        user_records(sealed(block(1, "k") + block(3, inner) + bytes(8)))


def test_short_data_is_refused() -> None:
    """The magic alone, or with less than a digest, is no aggregate."""
    for length in range(16):
        with pytest.raises(AggregateError, match="^the digest differs$"):
            user_records(MAGIC + b"x" * length)


def test_the_number_of_user_records_is_bounded() -> None:
    """No aggregate of valid events reaches the bound; a bomb of empty ones is refused."""
    pairs = [("k", b"")] * MAX_USER_RECORDS
    assert len(user_records(aggregate(pairs))) == MAX_USER_RECORDS
    with pytest.raises(AggregateError, match=HOLDS):
        user_records(aggregate([*pairs, ("k", b"")]))


def test_the_digest_is_of_the_message_alone() -> None:
    """The digest does not cover the magic."""
    body = message([("k", b"v")])
    whole = MAGIC + body + hashlib.md5(MAGIC + body, usedforsecurity=False).digest()
    with pytest.raises(AggregateError):
        user_records(whole)


def test_aggregates_are_read_where_md5_is_barred(monkeypatch: pytest.MonkeyPatch) -> None:
    """In FIPS mode MD5 is refused unless it is said to secure nothing, as here."""
    packed, md5 = aggregate([("k", b"v")]), hashlib.md5

    def barred(data: bytes, *, usedforsecurity: bool = True) -> object:
        if usedforsecurity is not False:
            raise ValueError("disabled for FIPS")
        return md5(data, usedforsecurity=False)

    monkeypatch.setattr(hashlib, "md5", barred)
    assert user_records(packed) == [("k", b"v")]


@pytest.mark.parametrize("size", [0, 127, 128, 129, 255, 256, 300, 16_383, 16_384, 100_000])
def test_lengths_of_any_number_of_bytes(size: int) -> None:
    """Sizes around each step of the varint encoding, and a table with more than 127 keys."""
    pairs = [(f"key-{number}", bytes([number]) * size) for number in range(2)]
    assert user_records(aggregate(pairs)) == pairs
    many = [(f"key-{number}", b"x") for number in range(300)]
    assert user_records(aggregate(many)) == many


@pytest.mark.parametrize(("kind", "width"), [(1, 8), (5, 4)])
def test_skipped_numbers_have_their_exact_width(kind: int, width: int) -> None:
    """A fixed-width field at the very end, and one before what is needed, are passed exactly."""
    record_ = block(3, number(1, 0) + block(3, b"x"))
    fixed = varint(9 << 3 | kind) + b"\x1a" * width
    assert user_records(sealed(fixed + block(1, "k") + record_)) == [("k", b"x")]
    assert user_records(sealed(block(1, "k") + record_ + fixed)) == [("k", b"x")]
