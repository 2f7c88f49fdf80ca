"""The steps that evaluate candidates: cross-validation, the served model's report, the audit."""

from dataclasses import asdict, dataclass

import msgspec
import numpy as np

from contract.scores import Classes, Floats, Noise, all_scores, f1_by_grade, with_noise
from orchestrator.training.data.datasets import AUDIT, Dataset, load_split
from orchestrator.training.data.split import TEST, TRAIN, VALIDATION
from orchestrator.training.data.students import Students
from orchestrator.training.evaluation.ceiling import bayes_ceiling
from orchestrator.training.evaluation.charts import (
    confusion_chart,
    cross_validation_chart,
    effects_chart,
    importance_chart,
    learning_chart,
    reliability_chart,
)
from orchestrator.training.evaluation.cross_validation import (
    OTHERS,
    CrossValidation,
    cross_validate,
    out_of_fold,
)
from orchestrator.training.evaluation.effects import Effect, Importance, effect_curves, importances
from orchestrator.training.evaluation.fairness import Audit, audit
from orchestrator.training.evaluation.learning_curve import CurvePoint, learning_curve
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.models.selection import Candidates, Trained, model_of, read_splits
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

RESAMPLES = 500
LEVEL = 95.0


@dataclass(frozen=True)
class Report:
    """The evaluation report of the selected candidate; ``metrics`` is what every reader gets."""

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    f1_by_grade: list[float]
    test_rows_by_grade: list[int]
    ceiling: dict[str, float]
    effects: list[Effect]
    importances: list[Importance]
    learning_curve: list[CurvePoint]


@step
def compare_candidates(
    dataset: Dataset, candidates: Candidates, variables: Variables
) -> CrossValidation:
    """Cross-validate every candidate with its tuned parameters; log and return the scores.

    ``variables.repeats`` times for the selected one, at most OTHERS for the others; with 0
    there are none.
    """
    if not variables.repeats:
        tell("Repeated cross-validation: left out (repeats = 0)")
        return CrossValidation({})
    services = Services.open()
    students = Students.from_frame(load_split(services.stores.artifacts, dataset, AUDIT))
    students = students.join(_recent(services, dataset))
    best = candidates.best()
    scores = {
        trained.candidate: cross_validate(
            BY_NAME[trained.candidate],
            trained.parameters,
            students,
            variables.seed,
            variables.repeats if trained == best else min(variables.repeats, OTHERS),
        )
        for trained in candidates.trained
    }
    result = CrossValidation(scores)
    table = result.table()
    for trained, row in zip(candidates.trained, table.to_dict("records")):
        numbers = {f"cv_{k}": v for k, v in row.items() if isinstance(v, float)}
        services.tracking.log(trained.run_id, metrics=numbers)
    chart = cross_validation_chart(
        list(zip(table["title"], table["f1_macro"], table["f1_macro_se"])),
        bayes_ceiling()["f1_macro"],
    )
    services.tracking.log_files(
        best.parent_run_id,
        {
            "evaluation/comparison.csv": table.to_csv(index=False).encode(),
            "evaluation/candidates.png": chart,
        },
    )
    shown = table[["title", "accuracy", "f1_macro", "f1_macro_se", "log_loss", "ece"]]
    tell(f"Repeated cross-validation:\n{shown.round(3).to_string(index=False)}")
    return result


@step
def evaluate_candidate(dataset: Dataset, selection: Trained, variables: Variables) -> Report:
    """Evaluate the served model on the test split; log and return the report, draw pictures."""
    services = Services.open()
    splits = read_splits(services, dataset)
    train, test = splits[TRAIN], splits[TEST]
    held_out = splits[VALIDATION].join(test)
    model = OnnxModel(model_of(selection.run_id))
    probabilities, gpa = model.predict(test.features)
    candidate, parameters = BY_NAME[selection.candidate], selection.parameters
    report = Report(
        metrics=_metrics(selection, test, probabilities, gpa),
        intervals=bootstrap(test.grades, probabilities, variables.seed, selection.noise),
        f1_by_grade=f1_by_grade(test.grades, probabilities.argmax(axis=1)).tolist(),
        test_rows_by_grade=np.bincount(test.grades, minlength=5).tolist(),
        ceiling=bayes_ceiling(),
        effects=effect_curves(candidate, parameters, train, held_out, variables.seed),
        importances=importances(model.predict, held_out, variables.seed, selection.noise),
        learning_curve=learning_curve(candidate, parameters, train, held_out, variables.seed),
    )
    effects = [asdict(effect) | {"text": effect.describe()} for effect in report.effects]
    pictures = {
        "confusion": confusion_chart(test.grades, probabilities),
        "reliability": reliability_chart(test.clean_grades, probabilities),
        "importance": importance_chart(report.importances),
        "effects": effects_chart(report.effects),
        "learning_curve": learning_chart(report.learning_curve, report.ceiling["f1_macro"]),
    }
    services.tracking.log_files(
        selection.parent_run_id,
        {"evaluation/report.json": pretty(msgspec.to_builtins(report) | {"effects": effects})}
        | {f"evaluation/{name}.png": picture for name, picture in pictures.items()},
    )
    services.tracking.log(
        selection.parent_run_id,
        metrics=report.metrics,
        params={"selected_candidate": selection.candidate},
    )
    return report


@step
def audit_fairness(dataset: Dataset, selection: Trained, variables: Variables) -> Audit:
    """Audit out-of-fold answers of the selected candidate; log and return groups and gaps."""
    services = Services.open()
    frame = load_split(services.stores.artifacts, dataset, AUDIT)
    students = Students.from_frame(frame)
    candidate = BY_NAME[selection.candidate]
    # What newly labelled rows teach must show in the audit, though they carry no demographics.
    everyone = students.join(_recent(services, dataset))
    answers = out_of_fold(candidate, selection.parameters, everyone, variables.seed)
    answers = answers[: len(students)]
    given = with_noise(answers, selection.noise)
    result = audit(frame, students.grades, given, variables.seed)
    services.tracking.log_files(
        selection.parent_run_id,
        {
            "fairness/groups.csv": result.groups_table().to_csv(index=False).encode(),
            "fairness/gaps.csv": result.gaps_table().to_csv(index=False).encode(),
        },
    )
    return result


def bootstrap(
    grades: Classes, probabilities: Floats, seed: int, noise: Noise = 0.0
) -> dict[str, tuple[float, float]]:
    """Return the LEVEL % percentile interval of each score over resampled rows."""
    generator = np.random.default_rng(seed)
    given = with_noise(probabilities, noise)
    draws = []
    for _ in range(RESAMPLES):
        rows = generator.integers(0, len(grades), len(grades))
        draws.append(all_scores(grades[rows], given[rows]))
    tail = (100.0 - LEVEL) / 2
    return {
        name: tuple(np.percentile([draw[name] for draw in draws], [tail, 100.0 - tail]).tolist())
        for name in draws[0]
    }


def _recent(services: Services, dataset: Dataset) -> Students:
    """Return the newly labelled rows of the training split."""
    train = read_splits(services, dataset)[TRAIN]
    return train.take(train.recent)


def _metrics(
    selection: Trained, test: Students, probabilities: Floats, gpa: Floats
) -> dict[str, float]:
    given = all_scores(test.grades, probabilities, selection.noise)
    clean, known = all_scores(test.clean_grades, probabilities), test.gpa_known
    return (
        given
        | {f"test_{name}": value for name, value in given.items()}
        | {f"test_clean_{name}": value for name, value in clean.items()}
        | ({"test_gpa_mae": float(np.abs(gpa - test.gpa)[known].mean())} if known.any() else {})
        | {"label_noise": selection.noise}
        | {f"validation_{name}": value for name, value in selection.validation.items()}
    )
