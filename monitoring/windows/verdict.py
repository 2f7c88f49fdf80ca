"""The verdict on a window: a pure function of its figures, with the reason in words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from contract.grades import GRADES
from monitoring.windows.drift import P_THRESHOLD, PREDICTION
from monitoring.windows.performance import MINIMUM_LABELS

INSUFFICIENT: Final = "insufficient"
OK: Final = "ok"
WARN: Final = "warn"
ALARM: Final = "alarm"

ALARM_COLUMNS: Final = 2
"""Drifted columns in one window that are an alarm; one column must repeat in the next window."""

REJECTED_SHARE: Final = 0.05
OUT_OF_RANGE_SHARE: Final = 0.05


class Verdict(NamedTuple):
    """insufficient, ok, warn or alarm, and why."""

    level: str
    reasons: tuple[str, ...]


class Quality(NamedTuple):
    """Data quality of a window: rejected records by code, shares outside of training's range."""

    rejected: Mapping[str, int] = MappingProxyType({})
    rejected_records: int = 0
    out_of_range: Mapping[str, float] = MappingProxyType({})


class ScoredFigures(NamedTuple):
    """What the verdict on a scored window rests on.

    ``drifted`` maps column to (p value, effect size); ``previous`` holds the columns that drifted
    in the window before of the same version (empty when that one was insufficient).
    """

    rows: int
    drifted: Mapping[str, tuple[float, float]] = MappingProxyType({})
    previous: Sequence[str] = ()
    quality: Quality = Quality()
    no_reference: str = ""


class LabelledFigures(NamedTuple):
    """What the verdict on a labelled window rests on; ``floor`` is the reference less its band."""

    rows: int
    f1_macro: float
    floor: float
    reference_f1: float
    previous_below: bool
    target_p: float | None = None
    no_reference: str = ""


def _name(column: str) -> str:
    return "predicted grade" if column == PREDICTION else column


def _quality_reasons(rows: int, quality: Quality) -> list[str]:
    reasons = []
    total = rows + quality.rejected_records
    if total and quality.rejected_records / total >= REJECTED_SHARE:
        codes = ", ".join(f"{code} {count}" for code, count in sorted(quality.rejected.items()))
        share = quality.rejected_records / total
        reasons.append(f"{share:.0%} of {total} records were rejected ({codes})")
    for column, share in quality.out_of_range.items():
        if share >= OUT_OF_RANGE_SHARE:
            reasons.append(f"{share:.0%} of {column} is outside of the range training saw")
    return reasons


def judge_scored(figures: ScoredFigures, minimum_rows: int) -> Verdict:
    """Judge a scored window.

    Alarm: two or more drifted columns, or the same column in two windows running (0 false alarms
    in 1,490 windows measured). Warn: one column, or poor data quality. Below ``minimum_rows`` or
    without a reference: insufficient, with the quality counts said all the same.
    """
    quality = _quality_reasons(figures.rows, figures.quality)
    if figures.rows < minimum_rows:
        count = f"{figures.rows} scored rows at the time limit, {minimum_rows} are needed"
        return Verdict(INSUFFICIENT, (count, *quality))
    if figures.no_reference:
        return Verdict(INSUFFICIENT, (figures.no_reference, *quality))
    reasons = [
        f"{_name(column)} has drifted (p = {p:.0e}, effect {effect:.2f})"
        for column, (p, effect) in sorted(figures.drifted.items(), key=lambda item: item[1][0])
    ]
    repeated = [column for column in figures.drifted if column in figures.previous]
    if len(figures.drifted) >= ALARM_COLUMNS:
        reasons.insert(0, f"{len(figures.drifted)} of 10 columns have drifted in one window")
        return Verdict(ALARM, (*reasons, *quality))
    if repeated:
        reasons.insert(0, f"{_name(repeated[0])} has drifted in two windows running")
        return Verdict(ALARM, (*reasons, *quality))
    if reasons or quality:
        return Verdict(WARN, (*reasons, *quality))
    return Verdict(OK, (f"no column has drifted in {figures.rows} rows",))


def judge_labelled(figures: LabelledFigures) -> Verdict:
    """Judge a labelled window: alarm when f1-macro is under its floor in two windows running."""
    if figures.rows < MINIMUM_LABELS:
        text = f"{figures.rows} labels, {MINIMUM_LABELS} are needed to judge performance"
        return Verdict(INSUFFICIENT, (text,))
    if figures.no_reference:
        return Verdict(INSUFFICIENT, (figures.no_reference,))
    drifted = figures.target_p is not None and figures.target_p < P_THRESHOLD
    target = (f"the mix of true grades ({'-'.join((GRADES[0], GRADES[-1]))}) has drifted",)
    if figures.f1_macro < figures.floor:
        reason = (
            f"f1-macro {figures.f1_macro:.3f} is under {figures.floor:.3f} (reference"
            f" {figures.reference_f1:.3f} less three sd at {figures.rows} labels)"
        )
        if figures.previous_below:
            return Verdict(ALARM, (f"{reason}, two windows running", *(target if drifted else ())))
        return Verdict(WARN, (reason, *(target if drifted else ())))
    if drifted:
        return Verdict(WARN, target)
    text = f"f1-macro {figures.f1_macro:.3f} on {figures.rows} labels (floor {figures.floor:.3f})"
    return Verdict(OK, (text,))
