"""Promotion between environments: same bytes, judged again, pointer last, at any crash."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.bundle import sha256_hex
from orchestrator.training.data.students import Students
from orchestrator.training.errors import PublicationError
from orchestrator.training.release.delivery import Target, deliver
from orchestrator.training.release.parcel import Parcel
from orchestrator.training.release.publication import BundleStore, recover
from orchestrator.training.services import Services
from tests.orchestrator.support import versions
from tests.orchestrator.support.bucket import Crash, FakeBucket, store_over
from tests.orchestrator.support.pipeline import process, with_csv

PREFIX = f"models/{versions.MODEL}"


def target_over(bucket: FakeBucket) -> Target:
    """An environment where nothing trains: no registry, no rows."""
    bundles = BundleStore(store_over(bucket), versions.MODEL)
    return Target(versions.MODEL, bundles, store_over(FakeBucket()), None)


def training(services: Services) -> Target:
    """An environment that trains."""
    bundles = BundleStore.of(services)
    artifacts = services.stores.artifacts
    return Target(versions.MODEL, bundles, artifacts, services.tracking)


@pytest.fixture(name="sent", scope="module")
def _sent(students: Students) -> Parcel:
    return versions.parcel(students, "3")


def test_the_first_champion_where_nothing_trains(sent: Parcel) -> None:
    """Files first, pointer last, and both files byte for byte."""
    bucket = FakeBucket()
    arrival = deliver(sent, target_over(bucket))
    assert arrival.promoted and arrival.moved and arrival.version == "3"
    assert bucket.order == [
        f"{PREFIX}/3/model.onnx",
        f"{PREFIX}/3/manifest.json",
        f"{PREFIX}/champion.json",
    ]
    assert bucket.objects[f"{PREFIX}/3/model.onnx"] == sent.bundle.model
    assert bucket.objects[f"{PREFIX}/3/manifest.json"] == sent.bundle.manifest_data
    assert json.loads(bucket.objects[f"{PREFIX}/champion.json"]) == {
        "version": "3",
        "manifest_sha256": sent.manifest_sha256,
    }


def test_the_same_again_is_already_there(sent: Parcel) -> None:
    bucket = FakeBucket()
    deliver(sent, target_over(bucket))
    written = list(bucket.order)
    again = deliver(sent, target_over(bucket))
    assert again.promoted and not again.moved and again.version == "3"
    assert bucket.order == written


def test_a_taken_number_is_left_alone(sent: Parcel, students: Students) -> None:
    """Another environment counts for itself: the next free number, and only that changes."""
    bucket = FakeBucket()
    deliver(versions.parcel(students, "3", 9.0, "elsewhere"), target_over(bucket))
    standing = bucket.objects[f"{PREFIX}/3/model.onnx"]
    arrival = deliver(sent, target_over(bucket))
    assert arrival.version == "4" and arrival.champion_before == "3"
    assert bucket.objects[f"{PREFIX}/3/model.onnx"] == standing
    assert bucket.objects[f"{PREFIX}/4/model.onnx"] == sent.bundle.model
    pointer = json.loads(bucket.objects[f"{PREFIX}/champion.json"])
    assert pointer["manifest_sha256"] == sha256_hex(bucket.objects[f"{PREFIX}/4/manifest.json"])
    assert json.loads(bucket.objects[f"{PREFIX}/4/manifest.json"])["version"] == "4"


def test_a_crash_at_any_write_leaves_the_old_champion_or_the_new(
    sent: Parcel, students: Students
) -> None:
    for writes in range(3):
        bucket = FakeBucket()
        target = target_over(bucket)
        deliver(versions.parcel(students, "1", 9.0), target)
        bucket.writes_left = writes
        with pytest.raises(Crash):
            deliver(sent, target)
        pointer, _stored = target.bundles.pointer()
        assert pointer is not None and pointer.version == "1"
        bucket.writes_left = None
        assert deliver(sent, target).version == "3"
        assert {key.split("/")[2] for key in bucket.objects} == {"1", "3", "champion.json"}


def test_what_is_refused_writes_nothing(students: Students) -> None:
    bucket = FakeBucket()
    refused = Parcel("stg", versions.version(students, "3", score=0.3))
    arrival = deliver(refused, target_over(bucket))
    assert not arrival.promoted and arrival.version is None and not bucket.objects
    assert any("misses the floor" in reason for reason in arrival.reasons)


def test_a_model_of_another_name_is_refused(sent: Parcel) -> None:
    bucket = FakeBucket()
    target = Target("other", BundleStore(store_over(bucket), "other"), store_over(bucket), None)
    with pytest.raises(PublicationError, match="local/3 is no version of other"):
        deliver(sent, target)
    assert not bucket.objects


class Rival(FakeBucket):
    """Another writer moves the champion as soon as the manifest stands."""

    def put_object(self, **request: Any) -> None:
        super().put_object(**request)
        if request["Key"].endswith("/3/manifest.json"):
            self.objects[f"{PREFIX}/champion.json"] = b'{"version": "8", "manifest_sha256": "x"}'


def test_a_champion_that_moved_meanwhile_stays(sent: Parcel) -> None:
    bucket = Rival()
    with pytest.raises(PublicationError, match="moved while this version was judged"):
        deliver(sent, target_over(bucket))
    assert b'"8"' in bucket.objects[f"{PREFIX}/champion.json"]


def test_where_it_trains_the_registry_knows(sent: Parcel, services: Services) -> None:
    """Registered once, with origin and verdict; the alias names what serves."""
    arrival = deliver(sent, training(services))
    assert arrival.version == "1" and services.tracking.champion_version() == "1"
    found = services.tracking.client.get_model_version(versions.MODEL, "1")
    assert found.tags["origin"] == "local/3" and found.tags["gate"] == "promoted"
    assert found.tags["promoted_manifest"] == sent.manifest_sha256
    assert "From local/3" in found.description and "golden rows" in found.description
    run = services.tracking.client.get_run(found.run_id)
    assert run.data.metrics == {"f1_macro": 0.65} and run.info.status == "FINISHED"
    kept = services.tracking.read_bytes(found.run_id, "promotion/manifest.json")
    assert kept == sent.bundle.manifest_data
    assert recover(BundleStore.of(services), services.tracking) is None
    assert not deliver(sent, training(services)).moved
    assert services.tracking.versions_of(found.run_id) == ["1"]


def test_a_registered_version_is_found_again(
    sent: Parcel, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Died between the registry and the bucket: the repetition takes the same version."""

    def die(*_: Any) -> None:
        raise Crash("before the model")

    with monkeypatch.context() as dying:
        dying.setattr(BundleStore, "write", die)
        with pytest.raises(Crash):
            deliver(sent, training(services))
    assert services.tracking.champion_version() is None
    assert deliver(sent, training(services)).version == "1"
    run_id = services.tracking.run_with("promoted_manifest", sent.manifest_sha256)
    assert run_id and services.tracking.versions_of(run_id) == ["1"]


@pytest.mark.usefixtures("data_folder")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_where_it_has_rows_they_judge_and_are_the_reference(
    sent: Parcel, services: Services, students_file: str
) -> None:
    dataset = process(with_csv(students_file))
    arrival = deliver(sent, training(services))
    assert f"on {dataset['rows']['test']} test rows" in arrival.reasons[-1]
    reference = services.stores.artifacts.get_frame(f"reference/{arrival.version}.parquet")
    assert len(reference) == dataset["rows"]["train"]
