"""The data contract of a students file: every column's type and range, checked row by row.

The nine features' ranges are the serving contract's, so that training accepts exactly what serving
accepts; the other columns exist in training only.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from contract.features import FEATURES, IDENTIFIER
from contract.grades import GPA_RANGE, GRADES, TARGET
from orchestrator.training.data.source import LINE
from orchestrator.training.errors import DataContractError

SHOWN = 10
MIN_ROWS = 100
MIN_PER_GRADE = 10
MIN_GRADES = 2
"""So many grades need MIN_PER_GRADE rows: a school may give no A at all."""


@dataclass(frozen=True)
class Rule:
    """What one column accepts: a closed range, whole values or not, and whether it may be empty."""

    column: str
    minimum: float
    maximum: float
    whole: bool
    optional: bool = False

    @property
    def accepted(self) -> str:
        """The accepted values in words."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"


RULES = (
    Rule(IDENTIFIER, 0, 2**53, True),
    Rule("Age", 5, 120, True),
    Rule("Gender", 0, 1, True),
    Rule("Ethnicity", 0, 3, True),
    *(Rule(f.name, f.minimum, f.maximum, f.whole) for f in FEATURES),
    Rule("GPA", *GPA_RANGE, False, optional=True),
    Rule(TARGET, 0, len(GRADES) - 1, True),
)


@dataclass(frozen=True)
class Problem:
    """One broken rule: the file's line, the column, and why in words (never the value)."""

    line: int
    column: str
    reason: str


@dataclass
class Checked:
    """Accepted rows with proper dtypes, lines of rejected ones with reasons, and the problems."""

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)


def check_students(raw: pd.DataFrame, origin: str, skip_bad_rows: bool = False) -> Checked:
    """Check raw text rows against RULES.

    Returns the accepted rows in file order with their original positions as index. Raises
    DataContractError naming file, row and column unless ``skip_bad_rows``; missing columns, an
    empty file and too few rows to train on always stop.
    """
    absent = [rule for rule in RULES if rule.column not in raw.columns]
    missing = [rule.column for rule in absent if not rule.optional]
    if missing:
        raise DataContractError(f"{origin}: missing column {', '.join(missing)}")
    raw = raw.assign(**{rule.column: "" for rule in absent})
    if raw.empty:
        raise DataContractError(f"{origin}: no rows below the header")
    lines = raw[LINE] if LINE in raw.columns else pd.Series(range(2, len(raw) + 2), raw.index)
    values = pd.DataFrame(index=raw.index)
    problems: list[Problem] = []
    for rule in RULES:
        values[rule.column] = pd.to_numeric(raw[rule.column], errors="coerce").astype(float)
        problems += _broken(rule, raw[rule.column], values[rule.column], lines)
    repeated = values[IDENTIFIER].notna() & values[IDENTIFIER].duplicated(keep="first")
    problems += [
        Problem(int(line), IDENTIFIER, "the student stands in an earlier row already")
        for line in lines[repeated]
    ]
    if problems and not skip_bad_rows:
        raise DataContractError(describe(problems, origin))
    bad = lines.isin([problem.line for problem in problems])
    accepted = values[~bad].astype({rule.column: "int64" for rule in RULES if rule.whole})
    _require_enough(accepted, origin)
    known = {rule.column for rule in RULES} | {LINE}
    return Checked(
        accepted=accepted,
        rejected=_with_reasons(lines[bad], problems),
        problems=problems,
        ignored_columns=[name for name in raw.columns if name not in known],
    )


def describe(problems: list[Problem], origin: str) -> str:
    """Return the first problems as lines of text, and how many there are in all."""
    shown = [f"{origin}: line {p.line}, column {p.column}: {p.reason}" for p in problems[:SHOWN]]
    if len(problems) > SHOWN:
        shown.append(f"... and {len(problems) - SHOWN} more problems")
    return "\n".join(shown + ["--skip-bad-rows trains without these rows and lists them in a CSV"])


def write_quarantine(rejected: pd.DataFrame, target: Path) -> Path:
    """Write the lines of rejected rows with their reasons to ``target`` (CSV) and return it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    rejected.to_csv(target, index=False)
    return target


def _broken(rule: Rule, text: pd.Series, value: pd.Series, lines: pd.Series) -> list[Problem]:
    blank = text.astype(str).str.strip() == ""
    finite = pd.Series(np.isfinite(value.to_numpy()), index=value.index)
    outside = finite & ((value < rule.minimum) | (value > rule.maximum))
    fraction = finite & ~outside & (value != value.round()) if rule.whole else finite & False
    reasons = (
        (blank & (not rule.optional), "empty"),
        (~blank & ~finite, "not a number"),
        (outside, "out of range"),
        (fraction, "not whole"),
    )
    return [
        Problem(int(line), rule.column, f"{reason}; accepted is {rule.accepted}")
        for mask, reason in reasons
        for line in lines[mask]
    ]


def _with_reasons(lines: pd.Series, problems: list[Problem]) -> pd.DataFrame:
    reasons: dict[int, list[str]] = {}
    for problem in problems:
        reasons.setdefault(problem.line, []).append(f"{problem.column}: {problem.reason}")
    # The file has the rows themselves; another copy of students would have to be looked after.
    words = [" | ".join(reasons[int(line)]) for line in lines]
    return pd.DataFrame({LINE: lines, "reason": words})


def _require_enough(accepted: pd.DataFrame, origin: str) -> None:
    if len(accepted) < MIN_ROWS:
        raise DataContractError(f"{origin}: {len(accepted)} good rows, {MIN_ROWS} are needed")
    counts = accepted[TARGET].value_counts()
    if (counts >= MIN_PER_GRADE).sum() < MIN_GRADES:
        rows = ", ".join(f"{grade} {counts.get(k, 0)}" for k, grade in enumerate(GRADES))
        raise DataContractError(
            f"{origin}: column {TARGET}: {MIN_GRADES} grades need {MIN_PER_GRADE} rows to train "
            f"and to judge; rows by grade: {rows}"
        )
