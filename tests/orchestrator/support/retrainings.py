"""The gate over many retrainings of known worth; the models are the simulator's rule, bent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from contract.features import FEATURE_NAMES
from contract.grades import GPA_CUTOFFS, GPA_RANGE
from contract.scores import Classes, Floats, f1_macro
from orchestrator.training.data.simulator import (
    EFFECTS,
    INTERCEPT,
    NOISE_SD,
    ROWS,
    simulate_students,
)
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.credibility import Credibility
from orchestrator.training.evaluation.fairness import Gap
from orchestrator.training.models.gaussian import cut_probabilities
from orchestrator.training.models.parity import Parity
from orchestrator.training.release.comparison import compare
from orchestrator.training.release.gate import Evidence, Standing, Verdict, decide

TRUE_EFFECTS = np.array([EFFECTS.get(name, 0.0) for name in FEATURE_NAMES])
CREDIBLE = Credibility(359, 0.77, 1674, 0.77)
FAIR = Gap("Gender", "accuracy", 1, 0.05, -0.01, 0.2, 0.2)
POPULATION = 100_000


@dataclass(frozen=True)
class Rule:
    """A linear model of GPA; the true one has the simulator's effects and intercept."""

    effects: Floats
    intercept: float = INTERCEPT

    def answer(self, features: Floats) -> tuple[Floats, Floats]:
        """Return probabilities and GPA as a served model does."""
        mean = features @ self.effects + self.intercept
        chances = cut_probabilities(mean, NOISE_SD, np.array(GPA_CUTOFFS))
        return chances, np.clip(mean, *GPA_RANGE)

    def worth(self) -> float:
        """Return the true f1-macro against grades as given, on a large population."""
        features, grades = population()
        return f1_macro(grades, self.answer(features)[0])


TRUTH = Rule(TRUE_EFFECTS)
BIASED = Rule(TRUE_EFFECTS, INTERCEPT - 0.08)
"""Truly worse than TRUTH by .03 f1-macro."""


@cache
def population() -> tuple[Floats, Classes]:
    """Return features and grades of the students on which true worth is measured."""
    students = Students.from_frame(simulate_students(POPULATION, seed=1))
    return students.features, students.grades


def held_out(rows: int, seed: int, gpa_known: bool = True) -> Students:
    """Return ``rows`` students, the noisy tail spread over all."""
    order = np.random.default_rng(seed).permutation(ROWS)[:rows]
    students = Students.from_frame(simulate_students(ROWS, seed + 1000)).take(order)
    if gpa_known:
        return students
    return Students(students.features, students.grades, np.full(rows, np.nan))


def judge(
    students: Students, challenger: Rule, champion: Rule, anchor: Rule | None, drift: bool = False
) -> Verdict:
    """Ask the gate about a challenger whose other rules are kept."""
    answers = challenger.answer(students.features)

    def against(version: str, rule: Rule) -> Standing:
        return Standing(version, compare(students, answers, rule.answer(students.features), 0))

    evidence = Evidence(
        challenger="gpa_gaussian",
        rows_name="test",
        floor_name="validation",
        rows=len(students),
        f1=0.65,
        parity=Parity(ROWS, 0, 0.0, 0.0),
        gaps=(FAIR,),
        credibility=CREDIBLE,
        nonsense=[],
        champion=against("2", champion),
        anchor=None if anchor is None else against("1", anchor),
        drift=drift,
    )
    return decide(evidence)


def bent(rule: Rule, generator: np.random.Generator) -> Rule:
    """Return ``rule`` with random errors in every effect: .005 f1-macro worse on average."""
    error = generator.normal(0, 0.05, len(TRUE_EFFECTS)) * np.abs(TRUE_EFFECTS)
    return Rule(rule.effects + error, rule.intercept + generator.normal(0, 0.01))


def loss_after(
    retrainings: int,
    rows: int,
    seed: int,
    fresh: bool,
    drift: bool = False,
) -> float:
    """Return by how much f1-macro the served model falls behind the best after ``retrainings``.

    No challenger gains on the best, which is the truth; each is the champion ``bent``.
    ``fresh`` judges every retraining on new students, else all are judged on the same ones.
    """
    generator = np.random.default_rng(seed)
    champion, anchor = TRUTH, TRUTH
    students = held_out(rows, seed)
    for number in range(retrainings):
        if fresh:
            students = held_out(rows, seed * 1000 + number)
        challenger = bent(champion, generator)
        best = None if anchor is champion else anchor
        verdict = judge(students, challenger, champion, best, drift)
        if verdict.promoted:
            champion = challenger
            anchor = challenger if verdict.best_ever else anchor
    return TRUTH.worth() - champion.worth()


def share_taken(
    tries: int, rows: int, challenger: Rule, champion: Rule, gpa_known: bool = True
) -> float:
    """Return the share of ``tries`` samples on which the challenger is promoted."""
    return float(
        np.mean(
            [
                judge(held_out(rows, seed, gpa_known), challenger, champion, None).promoted
                for seed in range(tries)
            ]
        )
    )
