"""Version 3 of a local environment in a directory, as `orchestrator.promote --to DIR/` writes it."""

from __future__ import annotations

from pathlib import Path

from orchestrator.promote import write as write_parcel
from orchestrator.training.data.datasets import STUDENT_ID
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from tests.orchestrator.support import versions


def write(folder: str) -> None:
    """Write it."""
    train = simulate_students(300, seed=3).rename(columns={"StudentID": STUDENT_ID})
    write_parcel(Path(folder), versions.parcel(Students.from_frame(train), "3"))
