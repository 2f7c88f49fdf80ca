"""What a model may see of a student."""

from contract.features import DEMOGRAPHICS, FEATURE_NAMES, FEATURES, IDENTIFIER


def test_no_demographic_attribute_is_an_input() -> None:
    assert len(FEATURE_NAMES) == len(FEATURES) == 9
    assert not set(FEATURE_NAMES) & {*DEMOGRAPHICS, IDENTIFIER}
    assert set(DEMOGRAPHICS) == {"Age", "Gender", "Ethnicity"}
