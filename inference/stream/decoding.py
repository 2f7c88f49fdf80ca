"""Decode the bytes of one input event into a typed Event, or a Rejection listing every problem.

The fast path is one typed msgspec decode. It only ever accepts; whatever it does not accept goes to
`inference.stream.inspection`, which alone decides and explains. Both agree on everything the fast path
accepts (a property test holds them to it).
"""

import msgspec

from contract.events import MAX_EVENT_BYTES
from inference.stream.events import Event
from inference.stream.inspection import inspect
from inference.stream.problems import MAX_NESTING, Rejection

_DECODER = msgspec.json.Decoder(Event)

_ROUNDED = frozenset((2**53, -(2**53)))
"""Ids that 2^53 + 1, written with a point, is read as too: how they were written decides."""


def decode(data: bytes) -> Event | Rejection:
    """Decode one event; never raises, whatever the bytes are."""
    # msgspec skips unknown keys without checking their UTF-8 or a fixed depth: bound both here,
    # so that what is accepted does not depend on the interpreter's stack.
    if (
        len(data) <= MAX_EVENT_BYTES
        and (data.isascii() or _is_utf8(data))
        and data.count(b"{") + data.count(b"[") <= MAX_NESTING
    ):
        try:
            event = _DECODER.decode(data)
        except (msgspec.MsgspecError, UnicodeError):
            return inspect(data)
        if event.student_id not in _ROUNDED:
            return event
    return inspect(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
