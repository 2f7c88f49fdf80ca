"""The promotion gate: evidence in, a verdict in words out; a pure function without any service."""

from dataclasses import dataclass

from orchestrator.training.evaluation.credibility import Credibility
from orchestrator.training.evaluation.fairness import Gap
from orchestrator.training.models.parity import Parity
from orchestrator.training.release.comparison import F1_MARGIN, LOG_LOSS_MARGIN, Comparison

FLOOR_F1 = 0.5
"""A champion's least f1-macro on held-out rows: the Bayes rule reaches .661 with a sampling sd of
.036 on 359 rows, logistic regression .512; below this something is broken."""
TESTS = "log-loss or GPA error, each one-sided at 2.5 %"

Rule = tuple[bool, str]
"""Whether a rule is kept, and the words for it."""


@dataclass(frozen=True)
class Standing:
    """A version that stands, and how the challenger compares; ``problem`` says why it cannot be."""

    version: str | None
    comparison: Comparison | None
    problem: str | None = None


@dataclass(frozen=True)
class Evidence:
    """All the gate looks at.

    ``f1`` is the challenger's on the ``rows`` rows called ``floor_name``, for the floor. The
    standing versions are compared on the rows called ``rows_name``, none of which took part in
    selection. ``champion`` is None where there is none yet; ``anchor`` is the best version ever,
    None where that is the champion. ``nonsense`` is what speaks against plain sense. ``drift`` says
    that a drift is open, which asks for no gain.
    """

    challenger: str
    rows_name: str
    floor_name: str
    rows: int
    f1: float
    parity: Parity
    gaps: tuple[Gap, ...]
    credibility: Credibility
    nonsense: list[str]
    champion: Standing | None = None
    anchor: Standing | None = None
    drift: bool = False


@dataclass(frozen=True)
class Verdict:
    """Promoted, refused or unchanged, each reason as a sentence, and the champion at the time.

    ``unchanged`` means that the champion gives these very answers already. ``best_ever`` means that
    the promoted version becomes the anchor, which later challengers must not fall behind.
    """

    promoted: bool
    reasons: list[str]
    champion_before: str | None = None
    unchanged: bool = False
    best_ever: bool = False

    @property
    def decision(self) -> str:
        """The verdict in a word."""
        if self.unchanged:
            return "unchanged"
        return "promoted" if self.promoted else "refused"

    def describe(self) -> str:
        """Return the verdict as Markdown lines."""
        return "\n".join(
            [f"**{self.decision.upper()}**", *(f"- {reason}" for reason in self.reasons)]
        )


def decide(evidence: Evidence) -> Verdict:
    """Return the verdict; every rule is applied and every reason given, not only the first."""
    champion = evidence.champion
    before = champion.version if champion else None
    sound = [
        _same_answers(evidence),
        _floor(evidence),
        _credible(evidence),
        *_sensible(evidence),
        *_fair(evidence),
    ]
    pair = champion.comparison if champion else None
    if pair is not None and pair.same and _kept(sound):
        words = (
            f"Unchanged: version {before} gives the same answers for all {pair.rows} "
            f"{evidence.rows_name} rows (differences up to {pair.largest:.1e})."
        )
        return Verdict(False, [words], before, unchanged=True)
    results = [*sound, *_against_champion(evidence), *_against_anchor(evidence)]
    promoted = _kept(results)
    best = _comparison_with_best(evidence)
    return Verdict(
        promoted,
        [reason for _, reason in results],
        before,
        best_ever=promoted and (best is None or best.gained),
    )


def _kept(rules: list[Rule]) -> bool:
    return all(good for good, _ in rules)


def _same_answers(evidence: Evidence) -> Rule:
    good = evidence.parity.holds
    word = "answers like" if good else "differs from"
    return good, f"The ONNX model {word} the fitted one: {evidence.parity.describe()}."


def _floor(evidence: Evidence) -> Rule:
    good = bool(evidence.f1 >= FLOOR_F1)
    word = "reaches" if good else "misses"
    return good, (
        f"f1-macro {evidence.f1:.3f} on {evidence.rows} {evidence.floor_name} rows {word} the floor "
        f"{FLOOR_F1:.2f}."
    )


def _credible(evidence: Evidence) -> Rule:
    measured = evidence.credibility.describe()
    if evidence.credibility.holds:
        return True, f"Not too good to be true: {measured}."
    return False, f"Too good to be true, is there a leak? {measured[0].upper()}{measured[1:]}."


def _sensible(evidence: Evidence) -> list[Rule]:
    if not evidence.nonsense:
        return [(True, "The answers keep plain sense: effects have their known signs.")]
    return [(False, f"Against plain sense: {problem}") for problem in evidence.nonsense]


def _against_champion(evidence: Evidence) -> list[Rule]:
    champion = evidence.champion
    if champion is None:
        return [(True, "There is no champion yet; the floor and the other rules decide.")]
    pair = champion.comparison
    if pair is None:
        return [(True, f"The standing champion cannot be compared: {champion.problem}.")]
    name = f"version {champion.version}"
    if pair.gained:
        gain = (True, f"A gain over {name} is shown by {TESTS}.")
    elif evidence.drift:
        gain = (
            True,
            f"No gain over {name} is shown by {TESTS}; a drift is open and asks for none.",
        )
    else:
        gain = (False, f"No gain over {name} is shown by {TESTS}, and no drift is open.")
    return [gain, _not_worse(pair, name, evidence)]


def _against_anchor(evidence: Evidence) -> list[Rule]:
    if evidence.anchor is None:
        return []
    name = f"version {evidence.anchor.version}, the best ever"
    if evidence.anchor.comparison is None:
        return [(True, f"It cannot be compared with {name}: {evidence.anchor.problem}.")]
    return [_not_worse(evidence.anchor.comparison, name, evidence)]


def _not_worse(pair: Comparison, name: str, evidence: Evidence) -> Rule:
    how = "as measured" if pair.gained else "at 95 % confidence"
    verdict = "Not worse than" if pair.not_worse else "Perhaps worse than"
    return pair.not_worse, (
        f"{verdict} {name} on the same {pair.rows} {evidence.rows_name} rows by the margins "
        f"f1-macro {F1_MARGIN} and log-loss {LOG_LOSS_MARGIN}, {how}: {pair.describe()}."
    )


def _comparison_with_best(evidence: Evidence) -> Comparison | None:
    """Return the comparison with the anchor, which is the champion unless another one is named."""
    best = evidence.anchor or evidence.champion
    return best.comparison if best else None


def _fair(evidence: Evidence) -> list[Rule]:
    if not evidence.gaps:
        return [(False, "The fairness audit is missing.")]
    unfair = [gap for gap in evidence.gaps if gap.refused]
    if not unfair:
        names = ", ".join(dict.fromkeys(gap.attribute for gap in evidence.gaps))
        return [(True, f"No fairness gap by {names} lies above its limit by its interval.")]
    return [(False, f"Unfair: {gap.describe()}") for gap in unfair]
