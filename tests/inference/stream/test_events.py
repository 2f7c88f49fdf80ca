"""The input event's types are the contract's."""

from __future__ import annotations

import msgspec
import pytest

from contract.features import FEATURE_NAMES, FEATURES, Feature
from inference.stream.events import Student
from tests.inference.support.kinesis import VALUES


def student(**changes: float) -> Student:
    """Return the usual student with ``changes``, checked."""
    values = dict(zip(FEATURE_NAMES, VALUES, strict=True))
    return msgspec.convert(values | changes, Student)


def test_a_student_has_the_features_in_order() -> None:
    """As floats, whatever number was sent."""
    assert msgspec.structs.astuple(student()) == tuple(map(float, VALUES))


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_value_out_of_range_is_none(feature: Feature) -> None:
    """Just beyond either bound."""
    for value in (feature.minimum - 1, feature.maximum + 1):
        with pytest.raises(msgspec.ValidationError, match=feature.name):
            student(**{feature.name: value})
