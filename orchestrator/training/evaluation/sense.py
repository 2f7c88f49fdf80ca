"""Plain sense: what any model of these students must answer, whatever its scores."""

from collections.abc import Callable

import numpy as np

from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import GRADES, grade_class
from contract.scores import Floats

Predict = Callable[[Floats], tuple[Floats, Floats]]
SIGNS = {"Absences": -1, "StudyTimeWeekly": 1, "Tutoring": 1, "ParentalSupport": 1}
"""Which way the mean GPA may not fail to go."""
SLACK = 0.05
"""GPA points: a forest's curve is never quite smooth."""
APART = 2
MOST_APART = 0.02
"""Share of answers whose likeliest grade may lie APART grades from that of their GPA."""


def nonsense(predict: Predict, features: Floats) -> list[str]:
    """Return what is against plain sense in the answers to ``features`` (n, 9), as sentences."""
    found = []
    for name, sign in SIGNS.items():
        column = FEATURE_NAMES.index(name)
        seen = features[:, column]
        values = np.linspace(seen.min(), seen.max(), 6)
        if FEATURES[column].whole:
            values = np.unique(values.round())
        curve = np.array([_mean_gpa(predict, features, column, value) for value in values])
        # The furthest the curve ever comes back from its best.
        turn = float((np.maximum.accumulate(sign * curve) - sign * curve).max())
        if turn > SLACK:
            word = "raise" if sign < 0 else "lower"
            found.append(f"More {name} {word} the expected GPA, by up to {turn:.2f}.")
    probabilities, gpa = predict(features)
    apart = float((np.abs(probabilities.argmax(axis=1) - grade_class(gpa)) >= APART).mean())
    if apart > MOST_APART:
        found.append(
            f"Grade and GPA of one answer lie {APART} grades or more apart for {apart:.0%} of the "
            f"students (grades {GRADES[0]} to {GRADES[-1]})."
        )
    return found


def _mean_gpa(predict: Predict, features: Floats, column: int, value: float) -> float:
    moved = features.copy()
    moved[:, column] = value
    return float(predict(moved)[1].mean())
