"""The stand-in for the real students: same columns, same marginals, same label noise, seeded.

The formula and the marginals were measured on the real file (2,392 rows): GPA is linear in seven
features (R2 .954) with Gaussian noise of sd .2, and a classifier cannot tell simulated from real
rows (adversarial AUC .49-.51).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.features import DEMOGRAPHICS, FEATURE_NAMES, IDENTIFIER
from contract.grades import GPA_RANGE, GRADES, TARGET, grade_class

ROWS = 2392
FIRST_ID = 1001
# The last rows of the real file carry labels indistinguishable from uniform random ones.
NOISY_TAIL = 216
NOISE_SD = 0.2
INTERCEPT = 2.5
EFFECTS = {
    "StudyTimeWeekly": 0.03,
    "Absences": -0.1,
    "Tutoring": 0.25,
    "ParentalSupport": 0.15,
    "Extracurricular": 0.2,
    "Sports": 0.2,
    "Music": 0.15,
}
SHARES = {
    "Gender": (0.489, 0.511),
    "Ethnicity": (0.505, 0.206, 0.197, 0.092),
    "ParentalEducation": (0.102, 0.304, 0.391, 0.153, 0.050),
    "Tutoring": (0.699, 0.301),
    "ParentalSupport": (0.089, 0.204, 0.309, 0.292, 0.106),
    "Extracurricular": (0.617, 0.383),
    "Sports": (0.697, 0.303),
    "Music": (0.803, 0.197),
    "Volunteering": (0.843, 0.157),
}
COLUMNS = (IDENTIFIER, *DEMOGRAPHICS, *FEATURE_NAMES, "GPA", TARGET)


def simulate_students(
    rows: int = ROWS, seed: int = 20240601, noisy_tail: int | None = None
) -> pd.DataFrame:
    """Return ``rows`` students with the real file's columns and dtypes.

    ``noisy_tail`` labels at the end are drawn uniformly; the default keeps the real share.
    """
    generator = np.random.default_rng(seed)
    tail = round(rows * NOISY_TAIL / ROWS) if noisy_tail is None else noisy_tail
    data: dict[str, NDArray[np.generic]] = {
        IDENTIFIER: np.arange(FIRST_ID, FIRST_ID + rows),
        "Age": generator.integers(15, 19, rows),
        "StudyTimeWeekly": generator.uniform(0, 20, rows),
        "Absences": generator.integers(0, 30, rows),
    }
    for name, shares in SHARES.items():
        data[name] = generator.choice(len(shares), size=rows, p=shares)
    mean = INTERCEPT + sum(effect * data[name] for name, effect in EFFECTS.items())  # type: ignore[operator]
    data["GPA"] = np.clip(mean + generator.normal(0, NOISE_SD, rows), *GPA_RANGE)
    labels = grade_class(np.asarray(data["GPA"], dtype=np.float64))
    if tail:
        labels[-tail:] = generator.integers(0, len(GRADES), tail)
    data[TARGET] = labels.astype(np.float64)
    return pd.DataFrame(data)[list(COLUMNS)]
