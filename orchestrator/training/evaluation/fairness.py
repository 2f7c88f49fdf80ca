"""Fairness on attributes the model never sees: gaps between groups, intervals, p-values, limits.

Works on out-of-fold answers, so every student counts and none is judged by a model that saw him.
Only aggregates by group leave this module.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.features import DEMOGRAPHICS
from contract.scores import (
    Classes,
    Floats,
    accuracy,
    expected_calibration_error,
    f1_macro,
)

LIMITS = {"accuracy": 0.10, "f1_macro": 0.15, "under_prediction": 0.10, "calibration": 0.10}
"""Largest accepted gap between a group and all others. A gap refuses promotion if its whole 95 %
interval lies above the limit: groups are small (Ethnicity 3: 222 of 2,392 rows), so the point alone
says little; the real data's largest measured gaps are .063 accuracy and .097 f1 between groups."""
FEWEST = 50
"""Groups below this many rows are reported, not judged."""
RESAMPLES = 200
PERMUTATIONS = 200


@dataclass(frozen=True)
class GroupScore:
    """One group's scores."""

    attribute: str
    group: int
    rows: int
    accuracy: float
    f1_macro: float
    under_prediction: float
    calibration: float


@dataclass(frozen=True)
class Gap:
    """How much worse the worst group fares than all other students, by one score."""

    attribute: str
    score: str
    group: int
    gap: float
    low: float
    high: float
    p_value: float

    @property
    def limit(self) -> float:
        """The largest accepted gap."""
        return LIMITS[self.score]

    @property
    def refused(self) -> bool:
        """True if the whole interval lies above the limit."""
        return self.low > self.limit

    def describe(self) -> str:
        """Return the gap as a sentence."""
        return (
            f"{self.score} of {self.attribute} group {self.group} is worse than the others' by "
            f"{self.gap:.3f} [{self.low:.3f}, {self.high:.3f}], p = {self.p_value:.3f}, "
            f"limit {self.limit:.2f}."
        )


@dataclass(frozen=True)
class Audit:
    """Scores by group and the worst gap per attribute and score."""

    groups: tuple[GroupScore, ...]
    gaps: tuple[Gap, ...]

    def groups_table(self) -> pd.DataFrame:
        """Return the groups as a table."""
        return pd.DataFrame([asdict(group) for group in self.groups])

    def gaps_table(self) -> pd.DataFrame:
        """Return the gaps as a table, with limit and refusal."""
        return pd.DataFrame(
            [{**asdict(gap), "limit": gap.limit, "refused": gap.refused} for gap in self.gaps]
        )


def audit(frame: pd.DataFrame, grades: Classes, probabilities: Floats, seed: int) -> Audit:
    """Audit answers (n, 5) for students whose DEMOGRAPHICS stand in ``frame`` (n rows)."""
    generator = np.random.default_rng(seed)
    groups: list[GroupScore] = []
    gaps: list[Gap] = []
    for attribute in DEMOGRAPHICS:
        values = frame[attribute].to_numpy(dtype=np.int64)
        members = {int(value): values == value for value in np.unique(values)}
        for value, rows in members.items():
            scores = {
                name: score(grades[rows], probabilities[rows]) for name, score in SCORES.items()
            }
            groups.append(GroupScore(attribute, value, int(rows.sum()), **scores))
        judged = {value: rows for value, rows in members.items() if rows.sum() >= FEWEST}
        if len(judged) > 1:
            answers = (grades, probabilities)
            gaps += [_gap(attribute, score, judged, answers, generator) for score in SCORES]
    return Audit(tuple(groups), tuple(gaps))


def _under_prediction(grades: Classes, probabilities: Floats) -> float:
    """Share of students given a worse grade than they have."""
    return float((probabilities.argmax(axis=1) > grades).mean())


SCORES: dict[str, Callable[[Classes, Floats], float]] = {
    "accuracy": accuracy,
    "f1_macro": f1_macro,
    "under_prediction": _under_prediction,
    "calibration": expected_calibration_error,
}
_HIGHER_IS_WORSE = {"under_prediction", "calibration"}


def _gap(
    attribute: str,
    score: str,
    members: dict[int, NDArray[np.bool_]],
    answers: tuple[Classes, Floats],
    generator: np.random.Generator,
) -> Gap:
    grades, probabilities = answers

    def shortfall(inside: NDArray[np.intp], outside: NDArray[np.intp]) -> float:
        group = SCORES[score](grades[inside], probabilities[inside])
        others = SCORES[score](grades[outside], probabilities[outside])
        return group - others if score in _HIGHER_IS_WORSE else others - group

    def worst(order: NDArray[np.intp]) -> tuple[float, int]:
        return max((shortfall(order[rows], order[~rows]), value) for value, rows in members.items())

    everyone = np.arange(len(grades))
    gap, group = worst(everyone)
    inside, outside = np.flatnonzero(members[group]), np.flatnonzero(~members[group])
    draws = [
        shortfall(generator.choice(inside, len(inside)), generator.choice(outside, len(outside)))
        for _ in range(RESAMPLES)
    ]
    interval = np.percentile(draws, [2.5, 97.5])
    # Under the null the groups are exchangeable; taking the worst of each permutation accounts for
    # having picked the worst group.
    chance = [worst(generator.permutation(everyone))[0] for _ in range(PERMUTATIONS)]
    p_value = (1 + sum(value >= gap for value in chance)) / (1 + PERMUTATIONS)
    low, high = interval.tolist()
    return Gap(attribute, score, group, gap, low, high, float(p_value))
