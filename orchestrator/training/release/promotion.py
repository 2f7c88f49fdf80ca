"""The steps of the model_training pipeline from the evidence to a verdict and a champion."""

from dataclasses import asdict, dataclass

import numpy as np

from contract.bundle import BundleError
from contract.grades import GRADES
from contract.scores import Floats, f1_by_grade
from orchestrator.training.data.datasets import Dataset, load_split
from orchestrator.training.data.split import RECENT, TEST, TRAIN, VALIDATION
from orchestrator.training.data.students import RECENT_FLAG, Students
from orchestrator.training.errors import ConversionError
from orchestrator.training.evaluation.assessment import Report
from orchestrator.training.evaluation.credibility import credibility
from orchestrator.training.evaluation.cross_validation import CrossValidation, out_of_fold
from orchestrator.training.evaluation.fairness import Audit
from orchestrator.training.evaluation.sense import nonsense
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.models.selection import Trained, model_of, read_splits
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.release.bundles import Facts
from orchestrator.training.release.card import model_card
from orchestrator.training.release.comparison import Answers, compare
from orchestrator.training.release.gate import Evidence, Standing, Verdict, decide
from orchestrator.training.release.publication import BundleStore, move_champion, recover
from orchestrator.training.release.registration import (
    publish_version,
    reference_table,
    register_version,
)
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

FEWEST_RECENT = 50
FEWEST_OF_GRADE = 5
RECENT_ROWS = "recently labelled"


@dataclass(frozen=True)
class Outcome:
    """What became of a run; ``version`` is None unless it was promoted.

    ``decision`` is promoted, refused or unchanged; an unchanged model is not registered.
    """

    request_id: str
    decision: str
    promoted: bool
    version: str | None
    registered_version: str | None
    champion_before: str | None
    reasons: list[str]
    run_id: str
    candidate: str
    dataset: str
    data: str
    metrics: dict[str, float]


@step
def decide_promotion(
    dataset: Dataset, selection: Trained, audit: Audit, variables: Variables
) -> Verdict:
    """Put the evidence together, ask the gate, store the verdict in MLflow."""
    services = Services.open()
    recovered = recover(BundleStore.of(services), services.tracking)
    if recovered:
        tell(f"Finished the interrupted move of the champion to version {recovered}")
    evidence = _evidence(services, read_splits(services, dataset), selection, audit, variables)
    verdict = decide(evidence)
    tell(f"Gate: {verdict.decision}")
    run_id = selection.parent_run_id
    services.tracking.log_files(
        run_id,
        {
            "gate/verdict.json": pretty({**asdict(verdict), "evidence": evidence}),
            "gate/verdict.md": verdict.describe().encode(),
        },
    )
    services.tracking.log(run_id, tags={"gate": verdict.decision})
    return verdict


def _evidence(
    services: Services,
    splits: dict[str, Students],
    selection: Trained,
    audit: Audit,
    variables: Variables,
) -> Evidence:
    # Selection chose by the validation rows: whoever is best there is so by luck too.
    rows, rows_name = splits[TEST], "test"
    if RECENT in splits and len(splits[RECENT]) >= FEWEST_RECENT:
        rows, rows_name = splits[RECENT], RECENT_ROWS
    model = OnnxModel(model_of(selection.run_id))
    answers = model.predict(rows.features)
    champion, anchor = _standing(services, rows, answers, variables.seed)
    train = splits[TRAIN]
    unseen = _out_of_fold(selection, train, variables.seed)
    alike = train.recent == (rows_name == RECENT_ROWS)
    alike |= not alike.any()
    # Where the rule has changed, the file's rows are no measure; where hardly anybody has a good
    # grade, the recent ones are none. Whoever fails on both is broken.
    measures = {"validation": splits[VALIDATION]}
    if rows_name == RECENT_ROWS:
        measures[RECENT_ROWS] = rows
    f1 = {
        name: _f1_of_present(students, model.probabilities(students.features))
        for name, students in measures.items()
    }
    floor_name = max(f1, key=lambda name: f1[name])
    return Evidence(
        challenger=selection.candidate,
        rows_name=rows_name,
        floor_name=floor_name,
        rows=len(measures[floor_name]),
        f1=f1[floor_name],
        parity=selection.parity,
        gaps=audit.gaps,
        credibility=credibility(rows, answers[0], train.take(alike), unseen[alike]),
        nonsense=nonsense(model.predict, rows.features),
        champion=champion,
        anchor=anchor,
        drift=variables.drift,
    )


@step
def publish_champion(
    dataset: Dataset,
    selection: Trained,
    report: Report,
    verdict: Verdict,
    cross_validation: CrossValidation,
    audit: Audit,
    variables: Variables,
) -> Outcome:
    """Register, publish and promote if the gate said so; store and return the outcome."""
    services = Services.open()
    run_id = selection.parent_run_id
    card = model_card(selection.title, dataset, report, cross_validation, audit, verdict)
    services.tracking.log_files(run_id, {"model_card.md": card.encode()})
    model = model_of(selection.run_id)
    challenger = None
    if not verdict.unchanged:
        challenger = register_version(services, model, selection, verdict)
    if verdict.promoted and challenger:
        train = load_split(services.stores.artifacts, dataset, TRAIN)
        if BY_NAME[selection.candidate].recent_alone:
            train = train[train[RECENT_FLAG]].reset_index(drop=True)
        unseen = _out_of_fold(selection, Students.from_frame(train), variables.seed)
        gate = {"promoted": True, "reasons": verdict.reasons}
        facts = Facts(services.settings.model_name, run_id, report.metrics, gate)
        publish_version(services, challenger, model, facts, reference_table(train, unseen))
        bundles = BundleStore.of(services)
        move_champion(bundles, services.tracking, challenger)
        # Promoted for a drift and without a gain: what was best stays the measure.
        if verdict.best_ever:
            bundles.anchor_at(challenger)
        elif bundles.anchor() is None and verdict.champion_before:
            bundles.anchor_at(verdict.champion_before)
    outcome = Outcome(
        request_id=variables.request_id,
        decision=verdict.decision,
        promoted=verdict.promoted,
        version=challenger if verdict.promoted else None,
        registered_version=challenger,
        champion_before=verdict.champion_before,
        reasons=verdict.reasons,
        run_id=run_id,
        candidate=selection.candidate,
        dataset=dataset.dataset,
        data=dataset.kind,
        metrics=report.metrics,
    )
    services.stores.artifacts.put_json(f"outcomes/{variables.request_id}.json", outcome)
    services.stores.artifacts.put_json("outcomes/latest.json", outcome)
    services.tracking.log_files(run_id, {"outcome.json": pretty(outcome)})
    services.tracking.end_run(run_id)
    return outcome


def _f1_of_present(students: Students, answers: Floats) -> float:
    """Return f1-macro over the grades of FEWEST_OF_GRADE students or more: others show nothing."""
    enough = np.bincount(students.grades, minlength=len(GRADES)) >= FEWEST_OF_GRADE
    f1 = f1_by_grade(students.grades, answers.argmax(axis=1))
    return float(f1[enough].mean()) if enough.any() else 0.0


def _out_of_fold(selection: Trained, students: Students, seed: int) -> Floats:
    return out_of_fold(BY_NAME[selection.candidate], selection.parameters, students, seed)


def _standing(
    services: Services, rows: Students, answers: Answers, seed: int
) -> tuple[Standing | None, Standing | None]:
    """Return the champion (None: there is none) and the anchor (None: it is the champion)."""
    bundles = BundleStore.of(services)
    pointer, stored = bundles.pointer()
    if stored is None:
        return None, None

    def against(version: str) -> Standing:
        try:
            bundle = bundles.read(version)
            if bundle is None:
                return Standing(version, None, f"version {version} is incomplete")
            theirs = OnnxModel(bundle.model).predict(rows.features)
        except (BundleError, ConversionError) as error:
            return Standing(version, None, str(error))
        return Standing(version, compare(rows, answers, theirs, seed))

    anchor = bundles.anchor()
    best = None
    if anchor is not None and (pointer is None or anchor.version != pointer.version):
        best = against(anchor.version)
    if pointer is None:
        return Standing(None, None, "champion.json cannot be read"), best
    return against(pointer.version), best
