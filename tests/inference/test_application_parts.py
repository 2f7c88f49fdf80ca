"""A batch in parts: one answer all the same, bounded memory, and records that kill the process."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.application import Application
from inference.model.champion import Champion
from inference.model.predictor import Predictor
from inference.model.scorer import Batch, score
from inference.observability import Observer
from inference.stream.deaths import MOST_DEATHS, Deaths
from inference.stream.item import Item
from inference.stream.publisher import Publisher
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import MemoryStream, batch, encoded, unpacked

Serve = Callable[[MemoryStream], Application]


@pytest.mark.parametrize("broken", [0, 1_999, 2_000, 2_499])
def test_a_batch_of_many_parts_is_one_batch(
    serve: Serve, capsys: pytest.CaptureFixture[str], broken: int
) -> None:
    """Every answer in order and once, one document of metrics, the first unpublished one reported."""
    packed = [
        aggregate([("k", encoded(n)) for n in range(k, k + 100)]) for k in range(0, 2400, 100)
    ]
    datas = [*packed, *(encoded(n) for n in range(2400, 2500))]
    stream = MemoryStream()
    assert serve(stream).handle(batch(*datas), lambda: 30.0) == {"batchItemFailures": []}
    said = [document["prediction"]["student_id"] for document in stream.documents()]
    assert said == list(range(2500))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "Records" in line]
    assert (metrics["Records"], metrics["Unpublished"]) == ([2500.0], [0.0])

    def fault(_: int, entries: list[dict[str, Any]]) -> set[int]:
        return {n for n, entry in enumerate(entries) if entry["PartitionKey"] == str(broken)}

    reported = broken // 100 + 1 if broken < 2400 else broken - 2400 + 25
    left = iter([30.0] * 4 * (broken // 500 + 1))
    response = serve(MemoryStream(fault)).handle(batch(*datas), lambda: next(left, 0.0))
    assert response == {"batchItemFailures": [{"itemIdentifier": str(reported)}]}


def test_no_part_is_begun_that_could_not_be_sent(serve: Serve) -> None:
    """With less than an attempt left after a part, the next one's first record is reported."""
    stream, left = MemoryStream(), iter([30.0, 30.0])
    datas = [encoded(number) for number in range(1_500)]
    response = serve(stream).handle(batch(*datas), lambda: next(left, 8.5))
    assert response == {"batchItemFailures": [{"itemIdentifier": "1001"}]}
    assert len(stream.entries) == 1_000


def test_a_record_that_kills_is_found_and_rejected(champion: Champion, tmp_path: Path) -> None:
    """Each process dies, until the record is known; then it is rejected and the rest is answered.

    The event source mapping is asked for no help: it gives the same batch again.
    """
    event, stream, lives = batch(*map(encoded, range(20))), MemoryStream(), 0
    killer = unpacked(event).items[13].prediction_id

    def handle() -> dict[str, Any]:
        publisher = Publisher(stream, "predictions", 1.0)
        deaths = Deaths(tmp_path / "deaths")
        return Application(champion, publisher, Observer(), deaths=deaths).handle(
            event, lambda: 30.0
        )

    def die(items: list[Item], predictor: Predictor) -> Batch:
        if any(item.prediction_id == killer and not item.problem for item in items):
            os._exit(9)
        return score(items, predictor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inference.application.score", die)
        champion.current()
        while (child := os.fork()) and os.waitpid(child, 0)[1]:
            lives += 1
        if not child:
            handle()
            os._exit(0)
        assert handle() == {"batchItemFailures": []}
    assert lives == 1 + MOST_DEATHS
    rejected = [one for one in stream.documents() if one["status"] == "rejected"]
    assert len(stream.entries) == 20
    assert [one["prediction_id"] for one in rejected] == [killer]
    assert rejected[0]["errors"][0]["code"] == "model_failed"


class Nowhere:
    """An output stream that accepts everything and keeps nothing."""

    @staticmethod
    def put_records(**request: Any) -> dict[str, Any]:
        """Accept."""
        return {
            "FailedRecordCount": 0,
            "Records": [{"SequenceNumber": "1"}] * len(request["Records"]),
        }


@pytest.mark.parametrize(
    ("user_record", "room"),
    [
        (encoded(1), 10_000_000),
        (encoded(1, explain=True), 10_000_000),
        (encoded(1, explain=True, year_elapsed=0.5), 128_000_000),
        (b"", 10_000_000),
        (b"{}", 10_000_000),
    ],
    ids=["plain", "explain", "year", "empty", "object"],
)
def test_memory_of_the_largest_aggregates_is_bounded(
    champion: Champion, user_record: bytes, room: int
) -> None:
    """Of aggregates as full as they can be, the answers of one part exist at a time: ``room``."""
    count = min(10_000, 900_000 // (len(user_record) + 10))
    event = batch(*[aggregate([("key", user_record)] * count)] * 4)
    payload = sum(len(one["kinesis"]["data"]) for one in event["Records"])
    application = Application(champion, Publisher(Nowhere(), "predictions", 1.0), Observer())
    application.handle(batch(user_record), lambda: 30.0)
    tracemalloc.start()
    try:
        assert application.handle(event, lambda: 30.0) == {"batchItemFailures": []}
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 2 * payload + room
