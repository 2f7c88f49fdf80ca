"""Guidance: what one change of each lever would do to a prediction, asked of the served model.

The answers are associations the model learned, not causes: they say how the prediction would
differ for a student who differs in that one feature, and no more.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from contract.features import FEATURE_NAMES, FEATURES
from inference.model.predictor import Predictions
from inference.stream.answers import Advice

Rows = npt.NDArray[np.float64]


class Lever(NamedTuple):
    """A feature a student or a school can move, and the step to try (in the feature's unit)."""

    feature: str
    step: float


LEVERS: Final = (
    Lever("StudyTimeWeekly", 5),
    Lever("Absences", -5),
    Lever("Tutoring", 1),
    Lever("ParentalSupport", 1),
    Lever("Extracurricular", 1),
    Lever("Sports", 1),
    Lever("Music", 1),
    Lever("Volunteering", 1),
)


_COLUMNS = np.array([FEATURE_NAMES.index(lever.feature) for lever in LEVERS])
_ABSENCES = [lever.feature for lever in LEVERS].index("Absences")
_STEPS = np.array([lever.step for lever in LEVERS])
_LOW = np.array([FEATURES[column].minimum for column in _COLUMNS], dtype=np.float64)
_HIGH = np.array([FEATURES[column].maximum for column in _COLUMNS], dtype=np.float64)
_WHOLE = [FEATURES[column].whole for column in _COLUMNS]


def advise(
    predict: Callable[[Rows, Rows], Predictions],
    rows: Rows,
    now: Predictions,
    elapsed: Rows,
) -> list[list[Advice]]:
    """Return for each of ``rows`` (n, 9) the levers that can still move, largest gain first.

    ``now`` holds the predictions for the same rows, ``elapsed`` (n,) the share of the year their
    Absences cover: in mid-year those are past and no lever. One call of ``predict`` (rows, elapsed)
    serves the whole batch.
    """
    start = rows[:, _COLUMNS]
    end = np.clip(start + _STEPS, _LOW, _HIGH)
    movable = end != start
    movable[elapsed < 1, _ABSENCES] = False
    row_of, lever_of = np.nonzero(movable)
    changed = rows[row_of]
    changed[np.arange(len(row_of)), _COLUMNS[lever_of]] = end[row_of, lever_of]
    gpa_change, probability_change = _changes(predict(changed, elapsed[row_of]), now, row_of)
    order = np.lexsort((lever_of, -probability_change, -gpa_change, row_of))
    advice: list[list[Advice]] = [[] for _ in range(len(rows))]
    for row, *said in zip(
        row_of[order].tolist(),
        lever_of[order].tolist(),
        start[row_of, lever_of][order].tolist(),
        end[row_of, lever_of][order].tolist(),
        gpa_change[order].tolist(),
        probability_change[order].tolist(),
        strict=True,
    ):
        advice[row].append(_advice(*said))
    return advice


def _changes(
    then: Predictions, now: Predictions, row_of: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the change of the GPA and of the probability of a grade better than now predicted."""
    gpa = (then.gpa - now.gpa[row_of]).astype(np.float64)
    grade = now.probabilities.argmax(axis=1)[row_of]
    better = np.arange(now.probabilities.shape[1]) < grade[:, np.newaxis]
    difference = (then.probabilities - now.probabilities[row_of]).astype(np.float64)
    # + 0.0 turns -0.0 into 0.0
    return gpa.round(4) + 0.0, np.where(better, difference, 0).sum(axis=1).round(6) + 0.0


def _advice(lever: int, start: float, end: float, gpa: float, probability: float) -> Advice:
    if _WHOLE[lever]:
        start, end = int(start), int(end)
    return Advice(LEVERS[lever].feature, start, end, gpa, probability)
