"""Schools whose rule is another one, or whose labels mean something else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from contract.features import FEATURE_NAMES
from contract.grades import GPA_RANGE, grade_class
from orchestrator.training.data.simulator import EFFECTS, INTERCEPT, NOISE_SD


def ruled(frame: pd.DataFrame, absences: float, seed: int = 0) -> pd.DataFrame:
    """Return the students with new GPAs and clean grades; a day away costs ``absences`` times."""
    effects = EFFECTS | {"Absences": absences * EFFECTS["Absences"]}
    weights = np.array([effects.get(name, 0.0) for name in FEATURE_NAMES])
    noise = np.random.default_rng(seed).normal(0, NOISE_SD, len(frame))
    gpa = np.clip(frame[list(FEATURE_NAMES)].to_numpy() @ weights + INTERCEPT + noise, *GPA_RANGE)
    return frame.assign(GPA=gpa, GradeClass=grade_class(gpa))
