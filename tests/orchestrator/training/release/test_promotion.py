"""The pipelines' steps in order, over real MLflow tracking in a folder and buckets in memory."""

from __future__ import annotations

import json
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest

from orchestrator.training.data import processing
from orchestrator.training.data.datasets import LATEST
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.release.publication import Bundle, BundleStore
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables
from tests.orchestrator.support.pipeline import VARIABLES, labelled_rows, process, train, with_csv

pytestmark = [
    pytest.mark.usefixtures("two_candidates", "data_folder"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_from_file_to_champion_and_again(
    services: Services, students_file: str, data_folder: Any
) -> None:
    """Two runs: the first champion, then its very answers, which change nothing; artifacts, card."""
    dataset = process(with_csv(students_file))
    assert dataset["notes"]["quality"]["problems_by_column"] == {"Music": 1}
    rejected = pd.read_csv(data_folder / "rejected-students.csv")
    assert rejected["reason"].tolist() == [
        "Music: not a number; accepted is a whole number from 0 to 1"
    ]
    assert services.stores.artifacts.get_json(LATEST) == dataset

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
    assert (second["decision"], second["promoted"]) == ("unchanged", False)
    assert second["version"] is None and second["registered_version"] is None
    assert second["champion_before"] == "1" and tracking.versions_of(second["run_id"]) == []
    assert "version 1 gives the same answers for all 120 test rows" in second["reasons"][0]
    card = tracking.read_bytes(second["run_id"], "model_card.md").decode()
    assert "left repeated cross-validation out" in card

    pointer, _stored = BundleStore.of(services).pointer()
    assert pointer is not None and pointer.version == tracking.champion_version() == "1"
    assert BundleStore.of(services).anchor() == pointer
    one = BundleStore.of(services).read("1")
    assert one is not None
    check_reference(services, one)
    check_registered(services, one)


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
    assert any("for all 120 test rows" in text for text in outcome["reasons"])
    assert BundleStore.of(services).pointer()[0] is not None
