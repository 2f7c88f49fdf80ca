"""Which model serves: only verified ones, swapped between batches, the last good one kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contract.bundle import MANIFEST_FILE, MODEL_FILE, POINTER_FILE, BundleError
from contract.features import DEFAULT_MODEL_NAME
from inference.model.champion import Champion, ModelUnavailable, load
from inference.model.store import LocalStore, PointerFile
from tests.inference.support import factory
from tests.inference.support.stores import PATIENCE_SECONDS, CountingStore, champion_of, serving


def test_a_new_champion_takes_over_and_a_rollback_is_the_same(models: Path) -> None:
    """Moving the pointer forwards and backwards moves the serving version."""
    champion = champion_of(models)
    assert serving(champion) == "1"
    factory.publish(models, "2", parameters={"sd": 0.3})
    assert serving(champion) == "2"
    factory.publish(models, "1")
    assert serving(champion) == "1"
    swaps = [refresh.predictor for refresh in champion.finished()]
    assert [predictor.manifest.version for predictor in swaps if predictor] == ["1", "2", "1"]
    assert not champion.finished()


def test_an_unchanged_pointer_costs_nothing_more(models: Path) -> None:
    """The same Predictor is handed out, and no bundle file is read again."""
    champion = champion_of(models)
    first = champion.current()
    (models / "1" / MODEL_FILE).unlink()
    assert champion.current() is first
    assert len(champion.finished()) == 1


def test_the_pointer_is_remembered_over_many_looks(models: Path) -> None:
    """Neither the second unchanged look nor a refused successor that was taken back reads the
    serving model's files again."""
    store = CountingStore(models)
    champion = Champion(store, DEFAULT_MODEL_NAME, 0, PATIENCE_SECONDS)
    first = champion.current()
    assert [champion.current() for _ in range(3)] == [first] * 3
    assert (store.reads, store.looks) == (2, 4)
    good = (models / POINTER_FILE).rename(models / "kept.json")
    (models / POINTER_FILE).write_text("{")
    assert champion.current() is first
    good.replace(models / POINTER_FILE)
    assert champion.current() is first
    assert (store.reads, store.looks) == (2, 6)


def test_the_first_model_is_waited_for(models: Path) -> None:
    """Patience is for batches that have a model; without one there is nothing else to do."""
    champion = Champion(CountingStore(models), DEFAULT_MODEL_NAME, 3600, patience_seconds=0.001)
    assert serving(champion) == "1"


def _truncate(models: Path) -> None:
    path = models / "2" / MODEL_FILE
    path.write_bytes(path.read_bytes()[:-100])


def _tamper(models: Path) -> None:
    path = models / "2" / MODEL_FILE
    path.write_bytes(factory.gpa_gaussian(intercept=9.0))


def _tamper_manifest(models: Path) -> None:
    path = models / "2" / MANIFEST_FILE
    path.write_text(path.read_text().replace("run-2", "run-3"))


def _misname(models: Path) -> None:
    factory.publish(models, "2", name="another-model")


def _misnumber(models: Path) -> None:
    text = (models / POINTER_FILE).read_text()
    (models / "3").mkdir()
    (models / "3" / MANIFEST_FILE).write_bytes((models / "2" / MANIFEST_FILE).read_bytes())
    (models / POINTER_FILE).write_text(text.replace('"2"', '"3"'))


def _other_contract(models: Path) -> None:
    factory.publish(models, "2", classes=["A", "B", "C", "D", "E"])


def _wrong_on_golden_rows(models: Path) -> None:
    factory.publish(models, "2", factory.gpa_gaussian(intercept=2.6))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda models: (models / POINTER_FILE).unlink(), "champion.json cannot be read"),
        (lambda models: (models / POINTER_FILE).write_text("{"), "champion.json cannot be read"),
        (lambda models: (models / "2" / MODEL_FILE).unlink(), "2/model.onnx cannot be read"),
        (lambda models: (models / "2" / MANIFEST_FILE).unlink(), "2/manifest.json cannot be read"),
        (_truncate, "model.onnx does not match its sha256"),
        (_tamper, "model.onnx does not match its sha256"),
        (_tamper_manifest, "manifest.json does not match the sha256 in champion.json"),
        (_misname, "name different models"),
        (_misnumber, "name different models"),
        (_other_contract, "version 2 was made for another contract"),
        (_wrong_on_golden_rows, "version 2: golden rows differ"),
    ],
)
def test_the_last_good_model_is_kept(
    models: Path, damage: Callable[[Path], object], reason: str
) -> None:
    """A bad successor of any kind is refused with its reason; mended, it takes over."""
    champion = champion_of(models)
    first = champion.current()
    champion.finished()
    factory.publish(models, "2")
    damage(models)
    assert champion.current() is first
    refused = champion.finished()[0]
    assert refused.predictor is None and reason in str(refused.error)
    factory.publish(models, "2")
    assert serving(champion) == "2"


def test_without_any_model_the_reason_is_raised_until_there_is_one(tmp_path: Path) -> None:
    """No verified model since the start: every call says why, and the first good one serves."""
    champion = champion_of(tmp_path, refresh_seconds=3600)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="no model can serve: champion.json cannot"):
            champion.current()
    factory.publish(tmp_path, "1")
    assert serving(champion) == "1"


def test_peek_never_waits_nor_raises(tmp_path: Path) -> None:
    """The shadow's view: a model or None."""
    assert champion_of(tmp_path).peek() is None


class BrokenStore(LocalStore):
    """A store with a bug."""

    def pointer(self, known: str | None) -> PointerFile | None:
        """Raise what no store should."""
        raise KeyError("secret")


def test_unexpected_errors_do_not_end_the_refreshing(tmp_path: Path) -> None:
    """They are a failed refresh whose message repeats no content and which keeps the tag."""
    refresh = load(BrokenStore(tmp_path, "x"), DEFAULT_MODEL_NAME, "tag")
    assert refresh.tag == "tag"
    assert (
        isinstance(refresh.error, BundleError) and str(refresh.error) == "champion.json: KeyError"
    )


def test_failed_looks_do_not_fill_the_memory(tmp_path: Path) -> None:
    """A champion nobody asks for its refreshes keeps the newest hundred."""
    champion = champion_of(tmp_path)
    for _ in range(101):
        with pytest.raises(ModelUnavailable):
            champion.current()
    assert len(champion.finished()) == 100
