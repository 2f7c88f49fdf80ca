"""Where HTTP meets the core: bodies cut into events, events answered."""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path

import pytest

from contract.features import DEFAULT_MODEL_NAME
from inference.model.champion import Champion
from inference.model.store import LocalStore, PointerFile
from inference.web.errors import BatchTooLarge
from inference.web.service import Service, is_list, split
from tests.inference.support.kinesis import encoded


@pytest.mark.parametrize(
    ("body", "meant"), [(b" \r\n\t[]", True), (b"[", True), (b"{}", False), (b"", False)]
)
def test_a_list_is_told_by_its_first_sign(body: bytes, meant: bool) -> None:
    """Whatever follows it."""
    assert is_list(body) == meant


def test_a_list_is_cut_into_the_bytes_of_its_elements() -> None:
    """Each as it was sent; None for what is no JSON; refused beyond the limit."""
    assert split(b'[1, {"a": 2.0} ,"x"]', 3) == [b"1", b'{"a": 2.0}', b'"x"']
    assert split(b"[1,", 3) is None
    with pytest.raises(BatchTooLarge):
        split(b"[1,2]", 1)


def test_ids_differ_and_are_uuids_like_the_streams(service: Service) -> None:
    """Given the same event twice, each answer has an id of its own."""
    answers = [json.loads(answer.data) for answer in service.answer([encoded(1), encoded(1)])]
    ids = {answer["prediction_id"] for answer in answers}
    assert len(ids) == 2 and {uuid.UUID(one).version for one in ids} == {5}


def test_a_body_that_is_no_json_has_a_rejection_too(service: Service) -> None:
    """With the stream's code."""
    refusal = json.loads(service.refuse().data)
    assert (refusal["status"], refusal["errors"][0]["code"]) == ("rejected", "not_json")


class Watched(LocalStore):
    """A store that says when its pointer was looked at for the second time."""

    def __init__(self, models: Path) -> None:
        super().__init__(models, DEFAULT_MODEL_NAME)
        self.looks, self.again = 0, threading.Event()

    def pointer(self, known: str | None) -> PointerFile | None:
        """Look."""
        self.looks += 1
        if self.looks > 1:
            self.again.set()
        return super().pointer(known)


def test_an_idle_service_looks_by_a_timer(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any request the pointer is looked at; the thread ends with the service."""
    monkeypatch.setattr("inference.web.service.SHORTEST_PAUSE_SECONDS", 0.01)
    store = Watched(models)
    service = Service(Champion(store, DEFAULT_MODEL_NAME, 0.0))
    with service.following():
        assert store.again.wait(60)
    assert "champion" not in {thread.name for thread in threading.enumerate()}
