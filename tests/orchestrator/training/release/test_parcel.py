"""A version on its way: nothing damaged arrives, and its bytes stay what they are."""

from __future__ import annotations

import json

import pytest

from contract.bundle import BundleError, sha256_hex
from orchestrator.training.data.students import Students
from orchestrator.training.errors import PublicationError
from orchestrator.training.release.parcel import REQUEST_FILE, Parcel
from orchestrator.training.release.publication import BundleStore
from tests.orchestrator.support import versions
from tests.orchestrator.support.bucket import FakeBucket, store_over


def test_a_version_crosses_byte_for_byte(students: Students) -> None:
    sent = versions.parcel(students, "3")
    files = sent.pack()
    assert list(files)[-1] == REQUEST_FILE
    arrived = Parcel.unpack(files.get)
    assert (arrived.origin, arrived.bundle.version) == ("local", "3")
    assert arrived.bundle.model == sent.bundle.model
    assert arrived.bundle.manifest_data == sent.bundle.manifest_data
    assert arrived.manifest_sha256 == sha256_hex(sent.bundle.manifest_data)


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "request.json"])
def test_what_is_damaged_or_missing_is_refused(students: Students, name: str) -> None:
    files = versions.parcel(students, "3").pack()
    for damaged in (files[name][:-2], b"", None):
        with pytest.raises(BundleError):
            Parcel.unpack({**files, name: damaged}.get)


def test_two_versions_do_not_mix(students: Students) -> None:
    """Both whole in themselves: the request's sha256 tells them apart."""
    one, other = versions.parcel(students, "3").pack(), versions.parcel(students, "4", 9.0).pack()
    with pytest.raises(BundleError, match="does not match"):
        Parcel.unpack({**one, "manifest.json": other["manifest.json"]}.get)


def test_the_champion_s_manifest_is_the_pointer_s(students: Students) -> None:
    """A manifest changed after it became the champion is not carried on."""
    bucket = FakeBucket()
    bundles = BundleStore(store_over(bucket), versions.MODEL)
    bundle = versions.version(students, "3")
    bundles.point_to(bundles.write("3", bundle.model, bundle.manifest_data), None)
    assert Parcel.fetch("stg", bundles, "3").bundle.model == bundle.model
    key = f"models/{versions.MODEL}/3/manifest.json"
    bucket.objects[key] = bucket.objects[key].replace(b"0.65", b"0.95")
    with pytest.raises(BundleError, match="champion.json"):
        Parcel.fetch("stg", bundles, "3")
    with pytest.raises(PublicationError, match="stg has no complete version 4"):
        Parcel.fetch("stg", bundles, "4")


def test_another_number_changes_nothing_else(students: Students) -> None:
    sent = versions.parcel(students, "3")
    assert sent.manifest_as("3") is sent.bundle.manifest_data
    before, after = json.loads(sent.bundle.manifest_data), json.loads(sent.manifest_as("12"))
    assert after.pop("version") == "12" and before.pop("version") == "3"
    assert before == after
