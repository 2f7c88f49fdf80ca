"""Publishing a version: at whichever write the process dies, a good champion serves."""

from __future__ import annotations

import msgspec
import pytest

from contract.bundle import BundleError, Pointer
from orchestrator.training.data.students import Students
from orchestrator.training.errors import PublicationError
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.release.bundles import Facts, make_manifest
from orchestrator.training.release.publication import BundleStore, move_champion, recover
from tests.orchestrator.support.bucket import Crash, FakeBucket, store_over


class Alias:
    """A registry's alias; ``dies`` kills the process before or after the alias moves."""

    def __init__(self) -> None:
        self.version: str | None = None
        self.dies = ""

    def champion_version(self) -> str | None:
        """Return what the alias names."""
        return self.version

    def set_champion(self, version: str) -> None:
        """Move the alias, or die."""
        if self.dies == "before":
            raise Crash("before alias")
        self.version = version
        if self.dies == "after":
            raise Crash("after alias")


@pytest.fixture(name="made", scope="module")
def made_versions(students: Students) -> dict[str, tuple[bytes, bytes]]:
    """Model and manifest bytes of versions 1 and 2."""
    made = {}
    for version, alpha in (("1", 0.0), ("2", 30.0)):
        model = GaussianGpa(alpha).fit(students.features, students.grades, students.gpa).to_onnx()
        facts = Facts("m", f"run-{version}", {"f1_macro": 0.65}, {"promoted": True})
        made[version] = (model, make_manifest(model, version, facts, students.features))
    return made


def publish(
    bucket: FakeBucket, alias: Alias, version: str, made: dict[str, tuple[bytes, bytes]]
) -> None:
    """Publish a version as promotion does."""
    bundles = BundleStore(store_over(bucket), "m")
    bundles.write(version, *made[version])
    move_champion(bundles, alias, version)


def served(bucket: FakeBucket) -> str:
    """Return the version a reader gets: pointer, manifest and model all fit together."""
    bundles = BundleStore(store_over(bucket), "m")
    pointer, _stored = bundles.pointer()
    assert pointer is not None
    bundle = bundles.read(pointer.version)
    assert bundle is not None
    return bundle.version


def test_a_first_champion(made: dict[str, tuple[bytes, bytes]]) -> None:
    """Files first, pointer last."""
    bucket, alias = FakeBucket(), Alias()
    publish(bucket, alias, "1", made)
    assert bucket.order == [
        "models/m/1/model.onnx",
        "models/m/1/manifest.json",
        "models/m/champion.json",
    ]
    assert served(bucket) == alias.version == "1"
    bundles = BundleStore(store_over(bucket), "m")
    assert recover(bundles, alias) is None
    assert move_champion(bundles, alias, "1") is False


@pytest.mark.parametrize("dies", ["0", "1", "2", "before", "after"])
def test_killed_at_every_step(dies: str, made: dict[str, tuple[bytes, bytes]]) -> None:
    """GIVEN champion 1, WHEN publishing 2 dies at any step, THEN 1 serves and a re-run ends at 2."""
    bucket, alias = FakeBucket(), Alias()
    publish(bucket, alias, "1", made)
    if dies.isdigit():
        bucket.writes_left = int(dies)
    else:
        alias.dies = dies
    with pytest.raises(Crash):
        publish(bucket, alias, "2", made)
    assert served(bucket) == "1"
    assert alias.version in ("1", "2")

    bucket.writes_left, alias.dies = None, ""
    moved = recover(BundleStore(store_over(bucket), "m"), alias)
    # Once the alias stands the decision is made, and the next run finishes it by itself.
    assert moved == ("2" if dies in ("2", "after") else None)
    assert served(bucket) == alias.version
    publish(bucket, alias, "2", made)
    assert served(bucket) == alias.version == "2"


def test_recovery_never_takes_a_champion_away(made: dict[str, tuple[bytes, bytes]]) -> None:
    """An alias to a version that cannot serve, or none at all, leaves what serves."""
    bucket, alias = FakeBucket(), Alias()
    publish(bucket, alias, "1", made)
    for named in (None, "99"):
        alias.version = named
        assert recover(BundleStore(store_over(bucket), "m"), alias) is None
        assert served(bucket) == "1"
    bucket.objects["models/m/7/model.onnx"] = b"damaged"
    bucket.objects["models/m/7/manifest.json"] = made["2"][1]
    alias.version = "7"
    assert recover(BundleStore(store_over(bucket), "m"), alias) is None
    assert served(bucket) == "1"


def test_an_unreadable_pointer_is_replaced(made: dict[str, tuple[bytes, bytes]]) -> None:
    """champion.json that is no pointer is overwritten by the next promotion."""
    bucket, alias = FakeBucket(), Alias()
    bucket.objects["models/m/champion.json"] = b"{"
    publish(bucket, alias, "1", made)
    assert served(bucket) == "1"


def test_the_slower_of_two_writers_is_refused(made: dict[str, tuple[bytes, bytes]]) -> None:
    """A pointer moved since it was read is not overwritten."""
    bucket, alias = FakeBucket(), Alias()
    publish(bucket, alias, "1", made)
    bundles = BundleStore(store_over(bucket), "m")
    bundle = bundles.write("2", *made["2"])
    _pointer, stale = bundles.pointer()
    bucket.objects["models/m/champion.json"] = msgspec.json.encode(Pointer("1", "x"))
    with pytest.raises(PublicationError, match="another writer was first"):
        bundles.point_to(bundle, stale)
    with pytest.raises(PublicationError, match="another writer was first"):
        bundles.point_to(bundle, None)


def test_versions_are_immutable(made: dict[str, tuple[bytes, bytes]]) -> None:
    """The same version with the same model is kept, with another one refused."""
    bucket = FakeBucket()
    bundles = BundleStore(store_over(bucket), "m")
    first = bundles.write("1", *made["1"])
    other_manifest = made["1"][1].replace(b"run-1", b"run-9")
    assert bundles.write("1", made["1"][0], other_manifest).manifest_data == first.manifest_data
    with pytest.raises(PublicationError, match="stands in the bucket with another model"):
        bundles.write("1", *made["2"])


def test_damage_is_seen_and_repaired(made: dict[str, tuple[bytes, bytes]]) -> None:
    """A model that does not fit its manifest is an error to read, and written anew."""
    bucket = FakeBucket()
    bundles = BundleStore(store_over(bucket), "m")
    bundles.write("1", *made["1"])
    bucket.objects["models/m/1/model.onnx"] = b"damaged"
    with pytest.raises(BundleError, match="sha256"):
        bundles.read("1")
    assert bundles.write("1", *made["1"]).model == made["1"][0]
    with pytest.raises(PublicationError, match="no complete bundle"):
        move_champion(bundles, Alias(), "5")
