"""Where HTTP meets the core: bodies cut into events, events answered."""

from __future__ import annotations

import json
import uuid

import pytest

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
