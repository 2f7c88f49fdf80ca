"""Registered versions: refused ones too, and never over a standing one."""

from __future__ import annotations

import pytest

from orchestrator.training.errors import PublicationError
from orchestrator.training.models import candidates
from orchestrator.training.models.candidates import BY_NAME
from orchestrator.training.release.publication import BundleStore, move_champion
from orchestrator.training.services import Services
from orchestrator.training.variables import Variables
from tests.orchestrator.support.pipeline import VARIABLES, process, train, with_csv

pytestmark = [
    pytest.mark.usefixtures("two_candidates", "data_folder"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_a_refused_challenger_is_registered_and_never_served(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worse model stands in the registry with the gate's words, without alias or bundle."""
    dataset = process(with_csv(students_file))
    train(VARIABLES, dataset)
    monkeypatch.setattr(candidates, "CANDIDATES", (BY_NAME["decision_tree"],))
    refused = train(Variables.parse(VARIABLES.as_dict() | {"request_id": "worse"}), dataset)
    assert not refused["promoted"] and refused["version"] is None
    assert refused["registered_version"] == "2"
    version = services.tracking.client.get_model_version("student-performance", "2")
    assert version.tags["gate"] == "refused" and "manifest_sha256" not in version.tags
    assert "**REFUSED**" in version.description
    assert all(reason in version.description for reason in refused["reasons"])
    assert services.tracking.champion_version() == "1"
    assert BundleStore.of(services).read("2") is None
    with pytest.raises(PublicationError, match="refused by the gate"):
        move_champion(BundleStore.of(services), services.tracking, "2")
    better = train(Variables.parse(VARIABLES.as_dict() | {"request_id": "again"}), dataset)
    assert better["registered_version"] == "3"


def test_a_registry_made_anew_skips_standing_versions(
    services: Services, students_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version number the bucket holds already, with another model, is never written over."""
    dataset = process(with_csv(students_file))
    train(VARIABLES, dataset)
    bundle = BundleStore.of(services).read("1")
    assert bundle is not None
    store = services.stores.models
    prefix = f"models/{services.settings.model_name}"
    other = BY_NAME["decision_tree"]
    store.put(f"{prefix}/2/model.onnx", b"other")
    manifest = bundle.manifest_data.replace(
        bundle.manifest.sha256["model.onnx"].encode(),
        b"d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
    )
    store.put(f"{prefix}/2/manifest.json", manifest)
    monkeypatch.setattr(candidates, "CANDIDATES", (other,))
    again = train(Variables.parse(VARIABLES.as_dict() | {"request_id": "again"}), dataset)
    assert again["registered_version"] == "3"
