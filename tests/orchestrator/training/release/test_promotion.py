"""The pipelines' steps in order, over real MLflow tracking in a folder and buckets in memory."""

from __future__ import annotations

import json
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest

from contract.features import FEATURE_NAMES
from contract.scores import f1_macro
from orchestrator.training.data import processing
from orchestrator.training.data.datasets import LATEST
from orchestrator.training.data.students import Students
from orchestrator.training.data.validation import check_students
from orchestrator.training.errors import DataContractError
from orchestrator.training.models import candidates
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.release.publication import Bundle, BundleStore
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables
from tests.orchestrator.support.pipeline import (
    VARIABLES,
    labelled_rows,
    newcomers,
    process,
    train,
    with_csv,
)

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
    rows = dataset["rows"]["test"]
    assert f"version 1 gives the same answers for all {rows} test rows" in second["reasons"][0]
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
    """Monitoring's reference holds answers of the version's kind, out of fold, nothing personal."""
    reference = services.stores.artifacts.get_frame(f"reference/{bundle.version}.parquet")
    assert not {"Age", "Gender", "Ethnicity", "GPA"} & set(reference.columns)
    answers, _gpa = OnnxModel(bundle.model).predict(
        reference[[feature.name for feature in bundle.manifest.features]].to_numpy(dtype=float)
    )
    apart = np.abs(reference[["p_A", "p_B", "p_C", "p_D", "p_F"]].to_numpy() - answers)
    assert 0 < apart.max() < 0.2 and apart.mean() < 0.01
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


def test_late_labels_of_a_changed_rule_change_what_serves(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN absences that cost half and 400 late grades WHEN retrained THEN the swap is real."""
    train(VARIABLES, process(with_csv(students_file)))
    students = newcomers(6400, absences=0.5)
    late, later = labelled_rows(students.head(400)), Students.from_frame(students.tail(6000))
    monkeypatch.setattr(processing, "read_labelled", lambda url: late)
    variables = with_csv(students_file, labelled=True, drift=True)
    dataset = process(variables)
    assert 80 < dataset["rows"]["recent"] < 160
    outcome = train(variables, dataset)
    assert outcome["promoted"] and outcome["candidate"] == "gpa_gaussian_recent"
    text = " ".join(outcome["reasons"])
    assert f"on the same {dataset['rows']['recent']} recently labelled rows" in text
    assert "recently labelled rows reaches the floor" in text and "A gain over version 1" in text
    bundles = BundleStore.of(services)
    old, new = bundles.read("1"), bundles.read(outcome["version"])
    assert old is not None and new is not None and old.model != new.model
    before, after = (
        f1_macro(later.grades, OnnxModel(each.model).predict(later.features)[0])
        for each in (old, new)
    )
    assert before < 0.45 and after > 0.64
    reference = services.stores.artifacts.get_frame(f"reference/{outcome['version']}.parquet")
    assert reference["recent"].all() and len(reference) == 400 - dataset["rows"]["recent"]


def test_a_streamed_training_file_is_no_proof(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN the file's own students streamed and labelled WHEN a forest that learns them by heart
    is tried THEN it is judged on students it never saw, and not promoted."""
    first = process(with_csv(students_file))
    train(VARIABLES, first)
    whole = check_students(pd.read_csv(students_file, dtype=str), "x", skip_bad_rows=True).accepted
    monkeypatch.setattr(processing, "read_labelled", lambda url: labelled_rows(whole))
    monkeypatch.setattr(candidates, "CANDIDATES", (BY_NAME["random_forest"],))
    monkeypatch.setattr(candidates, "RECENT_CANDIDATES", ())
    variables = with_csv(students_file, labelled=True, drift=True)
    dataset = process(variables)
    tables = {
        split: services.stores.artifacts.get_frame(key) for split, key in dataset["keys"].items()
    }
    seen = features(tables["train"])
    for held_out in ("validation", "test", "recent"):
        assert len(tables[held_out]) and not seen & features(tables[held_out])
        assert not set(tables["train"]["group"]) & set(tables[held_out]["group"])
    for split in ("validation", "test"):
        before = services.stores.artifacts.get_frame(first["keys"][split])
        assert features(before) == features(tables[split])
    outcome = train(variables, dataset)
    assert not outcome["promoted"], outcome["reasons"]
    assert any("Not too good to be true" in reason for reason in outcome["reasons"])


def test_labels_turned_round_stop_the_retraining(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN late grades coded 0 = F .. 4 = A THEN the run ends with words; the champion stays."""
    train(VARIABLES, process(with_csv(students_file)))
    late = labelled_rows(newcomers(400))
    late["GradeClass"] = 4 - late["GradeClass"]
    monkeypatch.setattr(processing, "read_labelled", lambda url: late)
    with pytest.raises(DataContractError, match="newly labelled predictions: .*coded 0 = F"):
        process(with_csv(students_file, labelled=True))
    assert services.tracking.champion_version() == "1"


def test_few_recent_rows_decide_nothing(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fewer than fifty held-out new labels the test split decides."""
    monkeypatch.setattr(processing, "read_labelled", lambda url: labelled_rows(newcomers(30)))
    dataset = process(with_csv(students_file, labelled=True))
    train(VARIABLES, dataset)
    outcome = train(VARIABLES, dataset)
    rows = dataset["rows"]["test"]
    assert any(f"for all {rows} test rows" in text for text in outcome["reasons"])
    assert BundleStore.of(services).pointer()[0] is not None


def features(table: pd.DataFrame) -> set[tuple[float, ...]]:
    """Return the rows' features as the stream's database keeps them."""
    rows = table[list(FEATURE_NAMES)].to_numpy(dtype=np.float32)
    return set(map(tuple, rows.tolist()))
