"""Mid-year answers on the project's simulator, beside the Bayes rule that knows the formula.

``.venv-orchestrator/bin/python -m tests.benchmarks.bench_year``. A model trained on 2,392 simulated
students (no wrong labels) answers others, whose absences are thinned to a share of the year.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.stats import binom

from contract.bundle import parse_manifest
from contract.features import FEATURE_NAMES
from contract.scores import Floats, expected_calibration_error
from inference.model.predictor import Predictor
from inference.model.year import predict_in_year, prior
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_probabilities
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.release.bundles import Facts, make_manifest

SAMPLE = 50_000
TOTALS = 30
"""The simulator's absences are uniform below this."""

ABSENCES = FEATURE_NAMES.index("Absences")


def bayes(rows: Floats, elapsed: float) -> Floats:
    """Return the true grade probabilities given absences so far, by summing over every total."""
    found = np.zeros((len(rows), 5))
    weights = np.zeros(len(rows))
    for total in range(TOTALS):
        weight = binom.pmf(rows[:, ABSENCES], total, elapsed)
        guess = rows.copy()
        guess[:, ABSENCES] = total
        found += weight[:, np.newaxis] * bayes_probabilities(guess)
        weights += weight
    return found / weights[:, np.newaxis]


def recall_at(probabilities: Floats, failed: Floats, precision: float) -> float:
    """Return the largest recall of F whose precision is at least ``precision``."""
    order = np.argsort(-probabilities[:, -1], kind="stable")
    right = failed[order].cumsum()
    good = right / np.arange(1, len(order) + 1) >= precision
    return float(right[good].max(initial=0) / failed.sum())


def trained() -> Predictor:
    """Return a model trained on the simulator's clean labels, as it would be served."""
    students = Students.from_frame(simulate_students(noisy_tail=0))
    model = GaussianGpa().fit(students.features, students.grades, students.gpa).to_onnx()
    facts = Facts("m", "run", {}, {})
    return Predictor(parse_manifest(make_manifest(model, "1", facts, students.features)), model)


def main() -> None:
    """Print one line per share of the year."""
    predictor = trained()
    shares = prior(predictor.manifest)
    students = Students.from_frame(simulate_students(SAMPLE, 2, noisy_tail=0))
    grades, failed = students.grades, students.grades == 4
    chance = np.random.default_rng(3)
    print(
        "year  accuracy (Bayes, se, today)     ECE (perfect)  recall of F (today) at precision; as called"
    )
    for elapsed in (0.1, 0.25, 0.5, 0.75, 1.0):
        rows = students.features.copy()
        rows[:, ABSENCES] = chance.binomial(rows[:, ABSENCES].astype(int), elapsed)
        today = predictor.predict(rows).probabilities
        started = time.process_time()
        answer = predict_in_year(predictor.predict, rows, np.full(SAMPLE, elapsed), shares)
        rate = SAMPLE / (time.process_time() - started)
        ours = answer.probabilities.astype(np.float64)
        hits = [(p.argmax(axis=1) == grades) for p in (ours, bayes(rows, elapsed), today)]
        # What a perfect model's ECE would be at this size: grades drawn from its own chances.
        drawn = (ours.cumsum(axis=1) < chance.random((SAMPLE, 1))).sum(axis=1).clip(0, 4)
        called = today.argmax(axis=1) == 4
        named = ours.argmax(axis=1) == 4
        precision = float(failed[called].mean())
        print(
            f"{elapsed:4.0%}  {hits[0].mean():.4f} ({hits[1].mean():.4f},"
            f" {(hits[0] - hits[1].astype(float)).std() / SAMPLE**0.5:.4f}, {hits[2].mean():.4f})"
            f"  {expected_calibration_error(grades, ours):.4f}"
            f" ({expected_calibration_error(drawn, ours):.4f})"
            f"  {recall_at(ours, failed, precision):.3f} ({called[failed].mean():.3f})"
            f" at {precision:.4f}; {named[failed].mean():.3f} at {failed[named].mean():.4f}"
            f"  {rate:,.0f} rows/s"
        )


if __name__ == "__main__":
    main()
