"""The best any model could do: the Bayes rule of the simulator, scored on simulated students.

The real rows cannot be told from simulated ones, so this is the real data's ceiling too, as far as
2,392 rows can show.
"""

from functools import cache

import numpy as np

from contract.features import FEATURE_NAMES
from contract.grades import GPA_CUTOFFS
from contract.scores import Floats, all_scores
from orchestrator.training.data.simulator import (
    EFFECTS,
    INTERCEPT,
    NOISE_SD,
    NOISY_TAIL,
    ROWS,
    simulate_students,
)
from orchestrator.training.data.students import Students
from orchestrator.training.models.gaussian import cut_probabilities

SAMPLE = 200_000
SEED = 1


def bayes_probabilities(features: Floats) -> Floats:
    """Return the probabilities (n, 5) of the true grade given raw features (n, 9)."""
    weights = np.array([EFFECTS.get(name, 0.0) for name in FEATURE_NAMES])
    return cut_probabilities(features @ weights + INTERCEPT, NOISE_SD, np.array(GPA_CUTOFFS))


@cache
def bayes_ceiling() -> dict[str, float]:
    """Return the Bayes rule's scores against labels as given (noisy) and, as clean_*, from GPA."""
    noise = NOISY_TAIL / ROWS
    students = Students.from_frame(simulate_students(SAMPLE, SEED))
    answers = bayes_probabilities(students.features)
    given = all_scores(students.grades, answers, noise)
    clean = all_scores(students.clean_grades, answers)
    return given | {f"clean_{name}": value for name, value in clean.items()}
