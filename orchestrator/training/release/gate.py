"""The promotion gate: evidence in, a verdict in words out; a pure function without any service."""

from dataclasses import dataclass

import numpy as np

from contract.scores import Classes, Floats, f1_by_grade, f1_macro, log_loss, row_log_loss
from orchestrator.training.evaluation.fairness import Gap
from orchestrator.training.models.parity import Parity

FLOOR_F1 = 0.5
"""A champion's least f1-macro on held-out rows: the Bayes rule reaches .661 with a sampling sd of
.036 on 359 rows, logistic regression .512; below this something is broken."""
LOG_LOSS_TOLERANCE = 1e-3
"""Nats; equal models trained on different machines differ by less."""
RESAMPLES = 500


@dataclass(frozen=True)
class Comparison:
    """Challenger and champion on the same rows; ``f1_error`` is the difference's standard error."""

    rows: int
    f1: float
    log_loss: float
    champion_f1: float
    champion_log_loss: float
    f1_error: float
    log_loss_error: float


@dataclass(frozen=True)
class Evidence:
    """All the gate looks at.

    ``f1`` is the challenger's on the ``rows`` standard validation rows, which is what the floor is
    for: newly labelled rows may hold hardly any A or B, and then no model reaches it. ``comparison`` is
    on the rows called ``rows_name``, None where there is no readable champion.
    """

    challenger: str
    rows_name: str
    rows: int
    f1: float
    parity: Parity
    gaps: tuple[Gap, ...]
    comparison: Comparison | None = None
    champion: str | None = None
    champion_problem: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Promoted or refused, each reason as a sentence, and the champion at the time."""

    promoted: bool
    reasons: list[str]
    champion_before: str | None = None

    @property
    def decision(self) -> str:
        """The verdict in a word."""
        return "promoted" if self.promoted else "refused"

    def describe(self) -> str:
        """Return the verdict as Markdown lines."""
        return "\n".join(
            [f"**{self.decision.upper()}**", *(f"- {reason}" for reason in self.reasons)]
        )


def compare(grades: Classes, challenger: Floats, champion: Floats, seed: int) -> Comparison:
    """Score both models' probabilities (n, 5) on the same rows, with paired bootstrap errors."""
    generator = np.random.default_rng(seed)
    ours, theirs = challenger.argmax(axis=1), champion.argmax(axis=1)
    loss = row_log_loss(grades, challenger) - row_log_loss(grades, champion)
    differences = np.empty(RESAMPLES)
    losses = np.empty(RESAMPLES)
    for k in range(RESAMPLES):
        rows = generator.integers(0, len(grades), len(grades))
        differences[k] = (
            f1_by_grade(grades[rows], ours[rows]).mean()
            - f1_by_grade(grades[rows], theirs[rows]).mean()
        )
        losses[k] = loss[rows].mean()
    return Comparison(
        rows=len(grades),
        f1=f1_macro(grades, challenger),
        log_loss=log_loss(grades, challenger),
        champion_f1=f1_macro(grades, champion),
        champion_log_loss=log_loss(grades, champion),
        f1_error=float(differences.std(ddof=1)),
        log_loss_error=float(losses.std(ddof=1)),
    )


def decide(evidence: Evidence) -> Verdict:
    """Return the verdict; every rule is applied and every reason given, not only the first."""
    results = [_same_answers(evidence), _floor(evidence), *_against_champion(evidence)]
    results += _fair(evidence)
    promoted = all(good for good, _ in results)
    return Verdict(promoted, [reason for _, reason in results], evidence.champion)


def _same_answers(evidence: Evidence) -> tuple[bool, str]:
    good = evidence.parity.holds
    word = "answers like" if good else "differs from"
    return good, f"The ONNX model {word} the fitted one: {evidence.parity.describe()}."


def _floor(evidence: Evidence) -> tuple[bool, str]:
    good = bool(evidence.f1 >= FLOOR_F1)
    word = "reaches" if good else "misses"
    return good, (
        f"f1-macro {evidence.f1:.3f} on {evidence.rows} validation rows {word} the floor "
        f"{FLOOR_F1:.2f}."
    )


def _against_champion(evidence: Evidence) -> list[tuple[bool, str]]:
    if evidence.champion_problem:
        return [(True, f"The standing champion cannot be compared: {evidence.champion_problem}.")]
    if evidence.comparison is None:
        return [(True, "There is no champion yet; the floor and the other rules decide.")]
    pair, name = evidence.comparison, f"version {evidence.champion}"
    where = f"on the same {pair.rows} {evidence.rows_name} rows"
    gain = pair.f1 - pair.champion_f1
    numbers = f"f1-macro {pair.f1:.3f} against {pair.champion_f1:.3f} of {name} {where}"
    measured = f"{numbers} (difference {gain:+.3f}, standard error {pair.f1_error:.3f})"
    if gain == 0 and pair.f1_error == 0:
        f1_reason = (True, f"A tie: {numbers}, and the two give the same grades.")
    elif gain >= -pair.f1_error:
        f1_reason = (True, f"Not worse: {measured}.")
    else:
        f1_reason = (False, f"Worse by more than a standard error: {measured}.")
    loss = pair.log_loss - pair.champion_log_loss
    # On a hundred rows two equal models differ by thousandths: only evidence refuses.
    tolerance = max(LOG_LOSS_TOLERANCE, pair.log_loss_error)
    good = bool(loss <= tolerance)
    word = "no worse" if good else "worse"
    loss_reason = (
        good,
        f"log-loss {pair.log_loss:.3f} is {word} than {pair.champion_log_loss:.3f} of {name} "
        f"(difference {loss:+.3f}, accepted up to {tolerance:.3f}).",
    )
    return [f1_reason, loss_reason]


def _fair(evidence: Evidence) -> list[tuple[bool, str]]:
    if not evidence.gaps:
        return [(False, "The fairness audit is missing.")]
    unfair = [gap for gap in evidence.gaps if gap.refused]
    if not unfair:
        names = ", ".join(dict.fromkeys(gap.attribute for gap in evidence.gaps))
        return [(True, f"No fairness gap by {names} lies above its limit by its interval.")]
    return [(False, f"Unfair: {gap.describe()}") for gap in unfair]
