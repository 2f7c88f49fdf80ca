"""The runtime variables of the pipelines: checked once, the same in the UI, the API and the CLI."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from orchestrator.training.errors import VariableError

MAX_TRIALS = 500
DEFAULT_SEED = 42
DEFAULT_TRIALS = 12
DEFAULT_REPEATS = 5
MAX_REPEATS = 20
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Variables:
    """What a caller may set for one training run.

    ``seed`` drives tuning, folds, bootstraps and permutations (not the split, which is fixed so
    that champions stay comparable); ``trials`` is the number of Optuna trials per candidate;
    ``csv`` names a students file; ``skip_bad_rows`` quarantines rows instead of stopping;
    ``labelled`` adds newly labelled predictions from Postgres; ``repeats`` is how often the report
    cross-validates (0: not at all); ``request_id`` names the outcome.
    """

    seed: int = DEFAULT_SEED
    trials: int = DEFAULT_TRIALS
    csv: str = ""
    skip_bad_rows: bool = False
    labelled: bool = False
    repeats: int = DEFAULT_REPEATS
    request_id: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> Variables:
        """Check the known keys of ``given`` (Mage adds keys of its own; they are left alone)."""
        request_id = _text(given, "request_id") or uuid.uuid4().hex
        if not _REQUEST_ID.fullmatch(request_id):
            raise VariableError("request_id", "1-64 letters, digits, dots, dashes or underscores")
        return cls(
            seed=_whole(given, "seed", DEFAULT_SEED, 0, 2**31 - 1),
            trials=_whole(given, "trials", DEFAULT_TRIALS, 1, MAX_TRIALS),
            csv=_text(given, "csv"),
            skip_bad_rows=_flag(given, "skip_bad_rows"),
            labelled=_flag(given, "labelled"),
            repeats=_whole(given, "repeats", DEFAULT_REPEATS, 0, MAX_REPEATS),
            request_id=request_id,
        )

    def as_dict(self) -> dict[str, object]:
        """Return the variables as JSON values."""
        return asdict(self)


def _whole(given: Mapping[str, object], name: str, default: int, low: int, high: int) -> int:
    value = given.get(name)
    if value is None or value == "":
        return default
    accepted = f"a whole number {low}-{high}"
    # The UI hands over text, JSON may carry 7.0, and bool is an int: all three are settled here.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise VariableError(name, accepted)
    try:
        number = float(value)
    except ValueError:
        raise VariableError(name, accepted) from None
    if not math.isfinite(number) or number != int(number) or not low <= number <= high:
        raise VariableError(name, accepted)
    return int(number)


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise VariableError(name, "text")
    return value.strip()


def _flag(given: Mapping[str, object], name: str) -> bool:
    value = given.get(name)
    if value is None or value == "":
        return False
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise VariableError(name, "true or false")
    return value
