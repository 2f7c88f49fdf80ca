"""The model card (Mitchell et al. 2019): what the model is for, how good, how sure, and its limits."""

import pandas as pd

from contract.features import DEMOGRAPHICS, FEATURE_NAMES
from contract.grades import GRADES
from orchestrator.training.data.datasets import Dataset
from orchestrator.training.evaluation.assessment import Report
from orchestrator.training.evaluation.cross_validation import CrossValidation
from orchestrator.training.evaluation.fairness import LIMITS, Audit
from orchestrator.training.release.gate import Verdict

DATA_SHEET = {
    "file": "the students file given to the run",
    "kaggle": "Kaggle, Students Performance Dataset (Rabie El Kharoua), CC BY 4.0",
    "simulator": "SIMULATED students from the project's own simulator: scores say nothing about "
    "real students",
}


def model_card(
    title: str,
    dataset: Dataset,
    report: Report,
    cross_validation: CrossValidation,
    audit: Audit,
    verdict: Verdict,
) -> str:
    """Return the card of the model named ``title`` as Markdown."""
    parts = [
        f"# Model card: {title}",
        _purpose(),
        _data(dataset),
        _scores(report),
        _candidates(cross_validation.table(), report.ceiling),
        _effects(report),
        _fairness(audit),
        f"## Gate: {verdict.decision.capitalize()}\n\n{_bullets(verdict.reasons)}",
        _limits(report),
    ]
    return "\n\n".join(parts) + "\n"


def table_of(frame: pd.DataFrame) -> str:
    """Return ``frame`` as a Markdown table with three decimals."""
    head = "| " + " | ".join(map(str, frame.columns)) + " |"
    rule = "|" + "---|" * len(frame.columns)
    body = [
        "| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row) + " |"
        for row in frame.itertuples(index=False, name=None)
    ]
    return "\n".join([head, rule, *body])


def _purpose() -> str:
    return (
        "## Intended use\n\nEstimates a student's grade (A-F) and GPA from nine facts about study, "
        "support and activities, so that a school can offer help early. A person decides. Not for "
        "admission, ranking, discipline or any decision without a person; not for students unlike "
        "the training data (ages 15-18)."
    )


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _data(dataset: Dataset) -> str:
    rows = ", ".join(f"{name} {count}" for name, count in dataset.rows.items())
    quality = dataset.notes.quality
    return (
        f"## Data\n\nSource: {DATA_SHEET[dataset.kind]}. Rows: {rows}; "
        f"{quality.rejected} rejected by the data contract. Inputs: {', '.join(FEATURE_NAMES)}. "
        f"Never inputs: {', '.join(DEMOGRAPHICS)}, student id; GPA is a target at training only. "
        f"Split about 70/15/15 by a keyed draw of each student, for good.\n\nLabel noise: {quality.label_noise_text}"
    )


def _scores(report: Report) -> str:
    rows = []
    for name, (low, high) in report.intervals.items():
        rows.append(
            {
                "score": name,
                "test split": report.metrics[name],
                "95 % interval": f"{low:.3f} - {high:.3f}",
                "against clean labels": report.metrics[f"test_clean_{name}"],
                "best possible": report.ceiling[name],
                "best possible, clean": report.ceiling[f"clean_{name}"],
            }
        )
    grades = pd.DataFrame(
        {
            "grade": list(GRADES),
            "students in the test split": report.test_rows_by_grade,
            "f1": report.f1_by_grade,
        }
    )
    return (
        f"## How good\n\n{table_of(pd.DataFrame(rows))}\n\n'Best possible' is the Bayes rule of a "
        "simulator that cannot be told from the real rows: noise in GPA and labels keeps every "
        "model below it. ordinal_error is the mean distance in grades.\n\n" + table_of(grades)
    )


def _candidates(table: pd.DataFrame, ceiling: dict[str, float]) -> str:
    if table.empty:
        return "## Candidates\n\nThis run left repeated cross-validation out (repeats = 0)."
    table = table.drop(columns="candidate").rename(columns={"title": "candidate"})
    return (
        "## Candidates, repeated stratified 5-fold cross-validation\n\n"
        f"{table_of(table)}\n\nBayes ceiling: f1-macro {ceiling['f1_macro']:.3f}, accuracy "
        f"{ceiling['accuracy']:.3f}, log-loss {ceiling['log_loss']:.3f}. `_se` is the standard "
        "error over folds. Selection is by validation f1-macro of the tuned candidates."
    )


def _effects(report: Report) -> str:
    return (
        "## What goes with a better GPA\n\n"
        f"{_bullets([effect.describe() for effect in report.effects])}\n\nAssociations in this "
        "data, not causes; intervals from bootstrap refits."
    )


def _fairness(audit: Audit) -> str:
    limits = ", ".join(f"{name} {limit:.2f}" for name, limit in LIMITS.items())
    return (
        "## Fairness, out of fold, by attributes the model never sees\n\n"
        f"{table_of(audit.groups_table())}\n\nWorst group against all others:\n\n"
        f"{table_of(audit.gaps_table().drop(columns='refused', errors='ignore'))}\n\n"
        f"Limits: {limits}; a gap refuses promotion if its whole 95 % interval lies above."
    )


def _limits(report: Report) -> str:
    worst = GRADES[min(range(len(GRADES)), key=lambda k: report.f1_by_grade[k])]
    return (
        "## Limits\n\n"
        f"Grade {worst} is told apart worst. A single estimate can be a grade off: read the "
        "probabilities. Values beyond training's range are extrapolated. One school population, one "
        "year; drift is watched by monitoring and answered by retraining."
    )
