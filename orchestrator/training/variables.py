"""The runtime variables of the pipelines: checked once, the same in the UI, the API and the CLI."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Self

import msgspec

from contract.environment import accepted
from orchestrator.training.errors import VariableError

MAX_TRIALS = 500
DEFAULT_SEED = 42
DEFAULT_TRIALS = 12


def _whole(low: int, high: int) -> msgspec.Meta:
    words = {"description": f"a whole number {low}-{high}"}
    return msgspec.Meta(ge=low, le=high, extra_json_schema=words)


RequestId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9._-]{1,64}\Z",
        extra_json_schema={"description": "1-64 letters, digits, dots, dashes or underscores"},
    ),
]


class Variables(msgspec.Struct, frozen=True):
    """What a caller may set for one training run.

    ``seed`` drives tuning, folds, bootstraps and permutations (not the split, which is fixed so
    that champions stay comparable); ``trials`` is the number of Optuna trials per candidate;
    ``csv`` names a students file; ``skip_bad_rows`` quarantines rows instead of stopping;
    ``labelled`` adds newly labelled predictions from Postgres; ``drift`` says that a drift is open, so
    that the gate asks a challenger for no gain, only for not being worse; ``repeats`` is how often the report
    cross-validates (0: not at all); ``request_id`` names the outcome.
    """

    seed: Annotated[int, _whole(0, 2**31 - 1)] = DEFAULT_SEED
    trials: Annotated[int, _whole(1, MAX_TRIALS)] = DEFAULT_TRIALS
    csv: str = ""
    skip_bad_rows: bool = False
    labelled: bool = False
    drift: bool = False
    repeats: Annotated[int, _whole(0, 20)] = 5
    request_id: RequestId = msgspec.field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> Self:
        """Check the known keys of ``given`` (Mage adds keys of its own; they are left alone)."""
        values = {}
        for field in msgspec.structs.fields(cls):
            value = given.get(field.name)
            if isinstance(value, str):
                value = value.strip()
            if value is None or value == "":
                continue
            try:
                # The UI hands over text, and JSON may carry 7.0; but 1 is no flag.
                strict = not isinstance(value, (str, float))
                values[field.name] = msgspec.convert(value, field.type, strict=strict)
            except msgspec.ValidationError:
                kind = msgspec.inspect.type_info(field.type)
                raise VariableError(field.name, accepted(kind)) from None
        return cls(**values)

    def as_dict(self) -> dict[str, object]:
        """Return the variables as JSON values."""
        return msgspec.structs.asdict(self)
