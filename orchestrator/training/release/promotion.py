"""The steps of the model_training pipeline from the evidence to a verdict and a champion."""

from dataclasses import asdict, dataclass

from contract.bundle import BundleError
from contract.scores import f1_macro
from orchestrator.training.data.datasets import Dataset, load_split
from orchestrator.training.data.split import RECENT, TEST, TRAIN, VALIDATION
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
from orchestrator.training.release.comparison import Answers, compare
from orchestrator.training.release.gate import Evidence, Standing, Verdict, decide
from orchestrator.training.release.publication import BundleStore, move_champion, recover
from orchestrator.training.release.registration import publish_version, register_version
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

FEWEST_RECENT = 50


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
    splits = read_splits(services, dataset)
    validation = splits[VALIDATION]
    # Selection chose by the validation rows: whoever is best there is so by luck too.
    rows, rows_name = splits[TEST], "test"
    if RECENT in splits and len(splits[RECENT]) >= FEWEST_RECENT:
        rows, rows_name = splits[RECENT], "recently labelled"
    model = OnnxModel(model_of(selection.run_id))
    champion, anchor = _standing(services, rows, model.predict(rows.features), variables.seed)
    evidence = Evidence(
        challenger=selection.candidate,
        rows_name=rows_name,
        rows=len(validation),
        f1=f1_macro(validation.grades, model.predict(validation.features)[0]),
        parity=selection.parity,
        gaps=audit.gaps,
        champion=champion,
        anchor=anchor,
        drift=variables.drift,
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
    challenger = None
    if not verdict.unchanged:
        challenger = register_version(services, model, selection, verdict)
    if verdict.promoted and challenger:
        train = load_split(services.stores.artifacts, dataset, TRAIN)
        gate = {"promoted": True, "reasons": verdict.reasons}
        facts = Facts(services.settings.model_name, run_id, report.metrics, gate)
        publish_version(services, challenger, model, facts, train)
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
