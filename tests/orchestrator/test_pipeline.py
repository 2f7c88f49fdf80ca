"""The pipelines' steps in order, over real MLflow tracking in a folder and buckets in memory."""

from __future__ import annotations

import json
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest

from orchestrator.training.data import processing
from orchestrator.training.data.datasets import latest_dataset
from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.errors import (
    ConversionError,
    DataContractError,
    PublicationError,
    SelectionError,
    ServiceError,
    VariableError,
)
from orchestrator.training.evaluation import assessment
from orchestrator.training.models import selection
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.release import promotion
from orchestrator.training.release.publication import Bundle, move_champion
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables

VARIABLES = Variables.parse({"trials": 1, "repeats": 1, "seed": 7, "request_id": "first"})
FEW = (BY_NAME["gpa_gaussian"], BY_NAME["decision_tree"])

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(autouse=True)
def two_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two quick candidates are enough to see the steps fit together."""
    monkeypatch.setattr(selection, "CANDIDATES", FEW)


@pytest.fixture(name="students_file")
def a_students_file(tmp_path: Any) -> str:
    """A file with 800 good rows and a bad one."""
    frame = simulate_students(801, seed=5).astype(str)
    frame.loc[3, "Music"] = "loud"
    path = tmp_path / "students.csv"
    frame.to_csv(path, index=False)
    return str(path)


def process(variables: Variables) -> dict[str, Any]:
    """Run data_processing."""
    raw = processing.load_students(variables)
    accepted = processing.validate_students(raw, variables)
    quality = processing.report_quality(raw, accepted)
    frame = processing.split(accepted, variables)
    return processing.export(frame, quality, processing.scale(frame), variables)


def train(variables: Variables, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run model_training."""
    dataset = selection.load_datasets(given)
    table = selection.tune_candidates(dataset, variables)
    best = selection.select_candidate(table)
    comparison = assessment.compare_candidates(dataset, table, variables)
    metrics = assessment.evaluate_candidate(dataset, best, variables)
    gaps = promotion.audit_fairness(dataset, best, variables)
    verdict = promotion.decide_promotion(dataset, best, gaps, variables)
    return promotion.publish_champion(dataset, best, metrics, verdict, comparison, variables)


def with_csv(path: str, **changes: Any) -> Variables:
    """Return the variables with a file named and bad rows skipped."""
    return Variables.parse(VARIABLES.as_dict() | {"csv": path, "skip_bad_rows": True} | changes)


@pytest.fixture(name="data_folder", autouse=True)
def a_data_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Quarantine files go to a folder of the test."""
    monkeypatch.setattr(processing, "DATA_FOLDER", tmp_path / "data")
    return tmp_path / "data"


def test_from_file_to_champion_and_again(
    services: Services, students_file: str, data_folder: Any
) -> None:
    """Two runs: the first champion, then a tie that is promoted; artifacts, card and reference."""
    dataset = process(with_csv(students_file))
    assert dataset["notes"]["quality"]["problems_by_column"] == {"Music": 1}
    rejected = pd.read_csv(data_folder / "rejected-students.csv")
    assert rejected["reason"].tolist() == [
        "Music: not a number; accepted is a whole number from 0 to 1"
    ]
    assert latest_dataset(services.stores.artifacts).as_dict() == dataset

    first = train(VARIABLES)
    assert first["promoted"] and first["version"] == "1" and first["champion_before"] is None
    assert services.stores.artifacts.get_json("outcomes/first.json") == first
    tracking = services.tracking
    card = tracking.read_bytes(first["run_id"], "model_card.md").decode()
    for word in ("GPA-Gaussian", "Label noise", "Ethnicity", "best possible", "Gate: Promoted"):
        assert word in card
    report = json.loads(tracking.read_bytes(first["run_id"], "evaluation/report.json"))
    low, high = report["intervals"]["f1_macro"]
    assert low <= report["metrics"]["f1_macro"] <= high
    assert report["effects"][0]["feature"] == "Absences"
    for picture in ("confusion", "reliability", "importance", "effects", "learning_curve"):
        data = tracking.read_bytes(first["run_id"], f"evaluation/{picture}.png")
        assert data.startswith(b"\x89PNG")
    assert tracking.champion_version() == "1"

    second = train(
        Variables.parse(VARIABLES.as_dict() | {"request_id": "2", "repeats": 0}), dataset
    )
    assert second["promoted"] and second["champion_before"] == "1"
    assert any(reason.startswith("A tie") for reason in second["reasons"])
    card = tracking.read_bytes(second["run_id"], "model_card.md").decode()
    assert "left repeated cross-validation out" in card

    pointer, _stored = services.bundles.pointer()
    assert pointer is not None and pointer.version == second["version"] == "2"
    one, two = services.bundles.read("1"), services.bundles.read("2")
    # Same seed and data: same model bytes.
    assert one is not None and two is not None and one.model == two.model
    check_reference(services, two)
    check_registered(services, two)


def test_a_refused_challenger_is_registered_and_never_served(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worse model stands in the registry with the gate's words, without alias or bundle."""
    dataset = process(with_csv(students_file))
    train(VARIABLES, dataset)
    monkeypatch.setattr(selection, "CANDIDATES", (BY_NAME["decision_tree"],))
    refused = train(Variables.parse(VARIABLES.as_dict() | {"request_id": "worse"}), dataset)
    assert not refused["promoted"] and refused["version"] is None
    assert refused["registered_version"] == "2"
    version = services.tracking.client.get_model_version("student-performance", "2")
    assert version.tags["gate"] == "refused" and "manifest_sha256" not in version.tags
    assert "**REFUSED**" in version.description
    assert all(reason in version.description for reason in refused["reasons"])
    assert services.tracking.champion_version() == "1"
    assert services.bundles.read("2") is None
    with pytest.raises(PublicationError, match="refused by the gate"):
        move_champion(services.bundles, services.tracking, "2")
    better = train(Variables.parse(VARIABLES.as_dict() | {"request_id": "again"}), dataset)
    assert better["registered_version"] == "3"


def check_registered(services: Services, bundle: Bundle) -> None:
    """What the registry hands out by alias is what serves."""
    version = services.tracking.client.get_model_version_by_alias("student-performance", "champion")
    assert str(version.version) == bundle.version and "PROMOTED" in version.description
    loaded = mlflow.pyfunc.load_model(version.source)
    rows = np.array(bundle.manifest.golden.rows, dtype=np.float32)
    answers = loaded.predict(rows)
    np.testing.assert_array_equal(
        np.asarray(answers["probabilities"], dtype=np.float64), bundle.manifest.golden.probabilities
    )


def check_reference(services: Services, bundle: Bundle) -> None:
    """Monitoring's reference holds the version's own answers and nothing personal."""
    reference = services.stores.artifacts.get_frame(f"reference/{bundle.version}.parquet")
    assert not {"Age", "Gender", "Ethnicity", "GPA"} & set(reference.columns)
    answers, gpa = OnnxModel(bundle.model).predict(
        reference[[feature.name for feature in bundle.manifest.features]].to_numpy(dtype=float)
    )
    np.testing.assert_allclose(reference[["p_A", "p_B", "p_C", "p_D", "p_F"]], answers)
    np.testing.assert_allclose(reference["gpa"], gpa)
    assert not reference["recent"].any()


def test_a_registry_made_anew_skips_standing_versions(
    services: Services, students_file: str
) -> None:
    """A version number the bucket holds already, with another model, is never written over."""
    dataset = process(with_csv(students_file))
    train(VARIABLES, dataset)
    bundle = services.bundles.read("1")
    assert bundle is not None
    store = services.stores.models
    prefix = f"models/{services.settings.model_name}"
    other = BY_NAME["decision_tree"]
    assert other.name == "decision_tree"
    store.put(f"{prefix}/2/model.onnx", b"other")
    manifest = bundle.manifest_data.replace(
        bundle.manifest.sha256["model.onnx"].encode(),
        b"d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
    )
    store.put(f"{prefix}/2/manifest.json", manifest)
    again = train(Variables.parse(VARIABLES.as_dict() | {"request_id": "again"}), dataset)
    assert again["version"] == "3"


def test_damaged_champions_do_not_block(services: Services, students_file: str) -> None:
    """An unreadable pointer, a missing version and a damaged model: the gate says so and goes on."""
    dataset = process(with_csv(students_file))
    prefix = f"models/{services.settings.model_name}"
    store = services.stores.models
    store.put(f"{prefix}/champion.json", b"{")
    words = [" ".join(train(VARIABLES, dataset)["reasons"])]
    store.put(f"{prefix}/champion.json", b'{"version": "77", "manifest_sha256": ""}')
    services.tracking.set_champion("1")
    store.put(f"{prefix}/1/model.onnx", b"damaged")
    words.append(" ".join(train(VARIABLES, dataset)["reasons"]))
    assert "champion.json cannot be read" in words[0]
    assert "version 77 is incomplete" in words[1]


def labelled_rows(count: int) -> pd.DataFrame:
    """Newly labelled predictions of a shifted stream, as Postgres hands them out."""
    frame = simulate_students(count, seed=77, noisy_tail=0)
    frame["StudentID"] = -1 - np.arange(count)
    return frame.assign(Age=np.nan, Gender=np.nan, Ethnicity=np.nan, GPA=np.nan)


def test_retraining_is_judged_on_recent_rows(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Challenger and champion meet on the same newly labelled rows, which neither has seen."""
    process(with_csv(students_file))
    train(VARIABLES)
    monkeypatch.setattr(processing, "read_labelled", lambda url: labelled_rows(300))
    dataset = process(with_csv(students_file, labelled=True))
    assert dataset["rows"]["recent"] == 120
    outcome = train(VARIABLES, dataset)
    assert any("on the same 120 recently labelled rows" in text for text in outcome["reasons"])
    assert any("validation rows reaches the floor" in text for text in outcome["reasons"])
    reference = services.stores.artifacts.get_frame(f"reference/{outcome['version']}.parquet")
    assert reference["recent"].sum() == 180


def test_few_recent_rows_decide_nothing(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fewer than fifty held-out new labels the validation split decides."""
    monkeypatch.setattr(processing, "read_labelled", lambda url: labelled_rows(30))
    dataset = process(with_csv(students_file, labelled=True))
    train(VARIABLES, dataset)
    outcome = train(VARIABLES, dataset)
    assert any("on the same 120 validation rows" in text for text in outcome["reasons"])
    assert services.bundles.pointer()[0] is not None


def test_candidates_that_cannot_be_served(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is refused by name and another wins; if none is left the run fails with each reason."""
    dataset = process(with_csv(students_file))

    def refuse(model: Any) -> bytes:
        raise ConversionError(f"{type(model).__name__} has no operators")

    monkeypatch.setattr("orchestrator.training.models.gaussian.GaussianGpa.to_onnx", refuse)
    table = selection.tune_candidates(dataset, VARIABLES)
    assert selection.best_of(table)["candidate"] == "decision_tree"
    assert table["problem"][0] == "GaussianGpa has no operators"
    monkeypatch.setattr("orchestrator.training.models.estimators.SklearnGrades.to_onnx", refuse)
    table = selection.tune_candidates(dataset, VARIABLES)
    with pytest.raises(SelectionError, match="gpa_gaussian: .*; decision_tree: "):
        selection.select_candidate(table)
    assert services.bundles.pointer()[0] is None


def test_failures_are_named(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad rows, no data set, no database; a run that dies in the middle is closed as failed."""
    with pytest.raises(DataContractError, match="students.csv: line 5, column Music"):
        process(with_csv(students_file, skip_bad_rows=False))
    with pytest.raises(ServiceError, match="run data_processing first"):
        selection.load_datasets()
    with pytest.raises(VariableError, match="DATABASE_URL"):
        process(with_csv(students_file, labelled=True))

    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(processing, "export_dataset", broken)
    with pytest.raises(KeyboardInterrupt):
        process(with_csv(students_file))
    monkeypatch.undo()
    runs = services.tracking.client.search_runs(["0", *experiments(services)])
    assert {run.info.status for run in runs} == {"FAILED"}


def experiments(services: Services) -> list[str]:
    """Return the ids of all experiments."""
    return [item.experiment_id for item in services.tracking.client.search_experiments()]
