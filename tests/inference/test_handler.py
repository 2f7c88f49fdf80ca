"""The handler, whole: records in, answers on the stream, nothing acknowledged too early."""

from __future__ import annotations

import pytest

from inference.handler import Application
from tests.inference.stream import MemoryStream, batch, encoded

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


def test_every_record_is_answered_once_in_order(serve) -> None:
    """Given good and bad records, each gets one answer and nothing is reported as failed."""
    stream = MemoryStream()
    application: Application = serve(stream)
    response = application.handle(batch(encoded(1), b"{", encoded("two"), b"\xff"), lambda: 30.0)
    assert response == {"batchItemFailures": []}
    documents = stream.documents()
    assert [document["status"] for document in documents] == ["ok", "rejected", "ok", "rejected"]
    assert len({document["prediction_id"] for document in documents}) == 4
    assert [entry["PartitionKey"] for entry in stream.entries] == ["1", "key", "two", "key"]


def test_the_first_unpublished_record_is_reported(serve) -> None:
    """Given entries that keep failing until time is up, the lowest failed number is reported."""
    stream = MemoryStream(lambda call, entries: {len(entries) - 1} if call == 0 else {0})
    left = iter([10.0, 10.0, 0.0])
    response = serve(stream).handle(batch(*map(encoded, range(5))), lambda: next(left))
    assert response == {"batchItemFailures": [{"itemIdentifier": "5"}]}
    assert len(stream.entries) == 4
