"""The input event as types; msgspec checks ranges, lengths and wholeness from them in C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from contract.events import MAX_REQUEST_ID_LENGTH, MAX_STUDENT_ID_LENGTH
from contract.features import FEATURES


def _bounded(minimum: int, maximum: int, whole: bool) -> Any:
    multiple = 1 if whole else None
    return Annotated[float, msgspec.Meta(ge=minimum, le=maximum, multiple_of=multiple)]


if TYPE_CHECKING:

    class Student(msgspec.Struct, frozen=True):
        """The nine features, in contract order, as floats."""

else:
    Student = msgspec.defstruct(
        "Student",
        [(f.name, _bounded(f.minimum, f.maximum, f.whole)) for f in FEATURES],
        frozen=True,
        gc=False,
        module=__name__,
    )

Whole64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
IdText = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_STUDENT_ID_LENGTH)]
RequestText = Annotated[str, msgspec.Meta(max_length=MAX_REQUEST_ID_LENGTH)]


Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Event(msgspec.Struct, frozen=True, gc=False):
    """One valid input event.

    ``explain`` null and absent mean false. ``year_elapsed`` is the share of the school year that
    Absences covers; null and absent mean 1, a whole year's total.
    """

    student_id: Whole64 | IdText
    student: Student
    request_id: RequestText | None = None
    explain: bool | None = None
    year_elapsed: Share | None = None
