"""The steps of the model_training pipeline from the evidence to a verdict and a champion."""

from dataclasses import asdict, dataclass

from contract.bundle import BundleError
from contract.scores import Floats, f1_macro
from orchestrator.training.data.datasets import Dataset, load_split
from orchestrator.training.data.split import RECENT, TRAIN, VALIDATION
from orchestrator.training.data.students import Students
from orchestrator.training.errors import ConversionError
from orchestrator.training.evaluation.assessment import Report
from orchestrator.training.evaluation.cross_validation import CrossValidation
from orchestrator.training.evaluation.fairness import Audit
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.models.selection import Trained, model_of, read_splits
from orchestrator.training.progress import pretty, step, tell
from orchestrator.training.release.bundles import Facts
from orchestrator.training.release.card import model_card
from orchestrator.training.release.gate import Evidence, Verdict, compare, decide
from orchestrator.training.release.publication import BundleStore, move_champion, recover
from orchestrator.training.release.registration import publish_version, register_version
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

FEWEST_RECENT = 50


@dataclass(frozen=True)
class Outcome:
    """What became of a run; ``version`` is None unless it was promoted."""

    request_id: str
    promoted: bool
    version: str | None
    registered_version: str
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
    splits = read_splits(services, dataset)
    usual = rows = splits[VALIDATION]
    rows_name = "validation"
    if RECENT in splits and len(splits[RECENT]) >= FEWEST_RECENT:
        rows, rows_name = splits[RECENT], "recently labelled"
    model = OnnxModel(model_of(selection.run_id))
    ours, _gpa = model.predict(rows.features)
    champion, theirs, problem = _champion_answers(services, rows)
    evidence = Evidence(
        challenger=selection.candidate,
        rows_name=rows_name,
        rows=len(usual),
        f1=f1_macro(usual.grades, model.predict(usual.features)[0]),
        parity=selection.parity,
        gaps=audit.gaps,
        comparison=None if theirs is None else compare(rows.grades, ours, theirs, variables.seed),
        champion=champion,
        champion_problem=problem,
    )
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
    challenger = register_version(services, model, selection, verdict)
    if verdict.promoted:
        train = load_split(services.stores.artifacts, dataset, TRAIN)
        gate = {"promoted": True, "reasons": verdict.reasons}
        facts = Facts(services.settings.model_name, run_id, report.metrics, gate)
        publish_version(services, challenger, model, facts, train)
        move_champion(BundleStore.of(services), services.tracking, challenger)
    outcome = Outcome(
        request_id=variables.request_id,
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


def _champion_answers(
    services: Services, rows: Students
) -> tuple[str | None, Floats | None, str | None]:
    bundles = BundleStore.of(services)
    pointer, stored = bundles.pointer()
    if stored is None:
        return None, None, None
    if pointer is None:
        return None, None, "champion.json cannot be read"
    try:
        bundle = bundles.read(pointer.version)
        if bundle is None:
            return pointer.version, None, f"version {pointer.version} is incomplete"
        answers, _gpa = OnnxModel(bundle.model).predict(rows.features)
    except (BundleError, ConversionError) as error:
        return pointer.version, None, str(error)
    return pointer.version, answers, None
