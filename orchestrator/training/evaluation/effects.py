"""What moves a grade: permutation importance, and effect curves in GPA points with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contract.features import FEATURE_NAMES, FEATURES
from contract.scores import Floats, f1_macro, log_loss
from orchestrator.training.data.students import Students
from orchestrator.training.models.candidates import Candidate, Parameters
from orchestrator.training.models.estimators import GradeModel

Predict = Callable[[Floats], tuple[Floats, Floats]]
SHUFFLES = 10
REFITS = 20
POINTS = 11


@dataclass(frozen=True)
class Importance:
    """Mean and sd, over SHUFFLES shuffles of one column, of what shuffling it costs."""

    feature: str
    f1_loss: float
    f1_sd: float
    log_loss_gain: float


@dataclass(frozen=True)
class Effect:
    """Expected GPA along one feature, all else as it is; ``sd`` over REFITS bootstrap refits."""

    feature: str
    unit: str
    values: list[float]
    gpa: list[float]
    sd: list[float]
    change: float
    change_sd: float

    def describe(self) -> str:
        """Return the effect as a sentence with its 95 % interval."""
        low, high = self.change - 1.96 * self.change_sd, self.change + 1.96 * self.change_sd
        sure = "" if low * high > 0 else " (no effect can be told from zero)"
        return (
            f"{self.feature} from {self.values[0]:.1f} to {self.values[-1]:.1f} ({self.unit}): "
            f"{self.change:+.2f} GPA points [{low:+.2f}, {high:+.2f}]{sure}"
        )


def importances(
    predict: Predict, students: Students, seed: int, noise: float = 0.0
) -> list[Importance]:
    """Permutation importance (Breiman 2001) of each feature on held-out students, largest first."""
    generator = np.random.default_rng(seed)
    base, _gpa = predict(students.features)
    f1, loss = f1_macro(students.grades, base), log_loss(students.grades, base, noise)
    costs = []
    for column, name in enumerate(FEATURE_NAMES):
        losses, gains = [], []
        for _ in range(SHUFFLES):
            shuffled = students.features.copy()
            shuffled[:, column] = generator.permutation(shuffled[:, column])
            answers, _gpa = predict(shuffled)
            losses.append(f1 - f1_macro(students.grades, answers))
            gains.append(log_loss(students.grades, answers, noise) - loss)
        costs.append(
            Importance(name, float(np.mean(losses)), float(np.std(losses)), float(np.mean(gains)))
        )
    return sorted(costs, key=lambda cost: -cost.log_loss_gain)


def effect_curves(
    candidate: Candidate, parameters: Parameters, train: Students, rows: Students, seed: int
) -> list[Effect]:
    """Return the effect curve of each feature over what training saw, with refit uncertainty.

    Partial dependence (Friedman 2001) of the GPA output on ``rows``; association, not cause.
    """
    generator = np.random.default_rng(seed)
    models = [
        candidate.fit(parameters, part, seed)
        for part in [train, *(_resample(train, generator) for _ in range(REFITS))]
    ]
    curves = []
    for column, feature in enumerate(FEATURES):
        seen = train.features[:, column]
        low, high = float(seen.min()), float(seen.max())
        count = min(int(high - low) + 1, POINTS) if feature.whole else POINTS
        values = np.linspace(low, high, count)
        if feature.whole:
            values = np.unique(values.round())
        gpa = np.array([[_mean_gpa(m, rows, column, value) for value in values] for m in models])
        change = gpa[:, -1] - gpa[:, 0]
        curves.append(
            Effect(
                feature.name,
                feature.unit,
                values.tolist(),
                gpa[0].tolist(),
                gpa[1:].std(axis=0, ddof=1).tolist(),
                float(change[0]),
                float(change[1:].std(ddof=1)),
            )
        )
    return sorted(curves, key=lambda curve: -abs(curve.change))


def _mean_gpa(model: GradeModel, rows: Students, column: int, value: float) -> float:
    moved = rows.features.copy()
    moved[:, column] = value
    return float(model.predict_gpa(moved).mean())


def _resample(students: Students, generator: np.random.Generator) -> Students:
    # Within each grade, so that no refit loses a rare one.
    rows = [
        generator.choice(np.flatnonzero(students.grades == grade), (students.grades == grade).sum())
        for grade in np.unique(students.grades)
    ]
    return students.take(np.concatenate(rows))
