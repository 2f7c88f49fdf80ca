"""The simulator: seeded, and shaped like the real file."""

from __future__ import annotations

import pandas as pd

from contract.grades import grade_class
from orchestrator.training.data.simulator import COLUMNS, simulate_students

GOOD = simulate_students(400, seed=3)


def test_simulator_is_seeded_and_shaped_like_the_file() -> None:
    """Same seed, same rows; the real file's columns; labels follow GPA but in the tail."""
    assert list(GOOD.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(GOOD, simulate_students(400, seed=3))
    assert not GOOD.equals(simulate_students(400, seed=4))
    right = grade_class(GOOD["GPA"].to_numpy()) == GOOD["GradeClass"].to_numpy()
    assert right[:364].all() and not right[364:].all()
    assert simulate_students(50, noisy_tail=0)["GradeClass"].between(0, 4).all()
