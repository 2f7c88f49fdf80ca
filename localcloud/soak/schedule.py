"""When which fault comes, from a seed. Pure."""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_LONG_SECONDS, _SLOT, _SHORT_SLOT = 300.0, 18.0, 5.0


class Step(NamedTuple):
    """A fault ``at`` seconds of the run that lasts ``hold`` seconds, half of them before ``inside``."""

    at: float
    fault: str
    hold: float
    inside: str = ""


def plan(seed: int, seconds: float, faults: Mapping[str, Sequence[str]]) -> list[Step]:
    """Spread faults over a run: every one before any comes again, then some inside of others.

    ``faults`` says of each by name what may strike inside of it.
    """
    chance = random.Random(seed)
    slot = _SLOT if seconds >= _LONG_SECONDS else _SHORT_SLOT
    count = int(seconds / slot)
    names: list[str] = []
    while len(names) < count:
        names += chance.sample(list(faults), len(faults))
    steps = []
    for number, name in enumerate(names[:count]):
        second = number >= len(faults) // 2 and chance.random() < 0.5
        hold = slot * chance.uniform(0.15, 0.4)
        inside = chance.choice(faults[name]) if second else ""
        steps.append(Step((number + 0.2) * slot, name, hold, inside))
    return steps
