"""Training: the champion in 5x5 repeated cross-validation and its fitting time, beside the floors.

Runs in `.venv-orchestrator`; started by another interpreter it hands over to that one. The floors hold for
the real file; without it (or its download) the simulator's students are scored, and the table says so.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-orchestrator" / "bin" / "python"
REPEATS = 5
FITS = 50
PARAMETERS = {"alpha": 0.01}


def main() -> None:
    """Print the table."""
    # pylint: disable=import-outside-toplevel  # only the training environment has these
    from orchestrator.training.data.source import load_source
    from orchestrator.training.data.students import Students
    from orchestrator.training.data.validation import check_students
    from orchestrator.training.evaluation.ceiling import bayes_ceiling
    from orchestrator.training.evaluation.cross_validation import cross_validate
    from orchestrator.training.models.candidates import BY_NAME

    source = load_source()
    students = Students.from_frame(check_students(source.frame, source.origin).accepted)
    candidate = BY_NAME["gpa_gaussian"]
    fit_ms = _fit_milliseconds(lambda: candidate.build(PARAMETERS, 0), students)
    started = time.perf_counter()
    scores = cross_validate(candidate, PARAMETERS, students, seed=42, repeats=REPEATS)
    took = time.perf_counter() - started
    mean, error = scores.mean, scores.error["f1_macro"]
    print(f"GPA-Gaussian on {len(students)} students ({source.kind}), 5x5 repeated CV")
    print(f"{'':24}{'measured':>10}{'floor':>18}{'Bayes rule':>12}")
    ceiling = bayes_ceiling()
    rows = (
        (
            "f1-macro",
            f"{mean['f1_macro']:.4f}",
            ">= .6555",
            f"{ceiling['f1_macro']:.3f}",
        ),
        ("  standard error", f"{error:.4f}", "", ""),
        (
            "log-loss, noise-aware",
            f"{mean['log_loss']:.4f}",
            "<= .66",
            f"{ceiling['log_loss']:.3f}",
        ),
        ("ECE, clean labels", f"{mean['clean_ece']:.4f}", "<= .02", f"{ceiling['clean_ece']:.3f}"),
        ("ECE, as given", f"{mean['ece']:.4f}", "", f"{ceiling['ece']:.3f}"),
        ("accuracy", f"{mean['accuracy']:.4f}", "", f"{ceiling['accuracy']:.3f}"),
        ("one fit, ms", f"{fit_ms:.2f}", "<= 1000", ""),
        ("25 fits and scores, s", f"{took:.2f}", "", ""),
    )
    for row in rows:
        print(f"{row[0]:24}{row[1]:>10}{row[2]:>18}{row[3]:>12}")


def _fit_milliseconds(build: Callable[[], Any], students: Any) -> float:
    """Return the median time of one fit."""
    seconds = []
    for _ in range(FITS):
        started = time.perf_counter()
        build().fit(students.features, students.grades, students.gpa)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    if Path(sys.executable).parent != PYTHON.parent and PYTHON.exists():
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", "tests.benchmarks.bench_training"])
    main()
