"""Ask about many records at once, and where that fails half by half, down to the single culprit."""

from collections.abc import Callable, Iterator
from typing import TypeVar

Said = TypeVar("Said")


def apart(
    ask: Callable[[int, int], Said], start: int, end: int, failure: type[Exception]
) -> Iterator[tuple[int, int, Said | None]]:
    """Yield (start, end, what ``ask`` said), in order; None for a single record that fails.

    One culprit among n costs about 2 log2(n) questions.
    """
    try:
        yield start, end, ask(start, end)
    except failure:
        if end - start == 1:
            yield start, end, None
            return
        middle = (start + end) // 2
        yield from apart(ask, start, middle, failure)
        yield from apart(ask, middle, end, failure)
