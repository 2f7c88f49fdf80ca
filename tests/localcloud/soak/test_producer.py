"""The traffic: what is refused is put again, what rests rests."""

from __future__ import annotations

import itertools
import time
from typing import Any

from botocore.exceptions import ClientError

from inference.stream.identity import prediction_id
from localcloud.soak.producer import Producer
from localcloud.soak.records import Entry


class Kinesis:
    """Takes every other entry of each first call, fails each second call as a whole."""

    def __init__(self) -> None:
        self.calls = 0
        self.taken: list[bytes] = []

    def put_records(self, StreamName: str, Records: list[Any]) -> Any:
        """Answer as Kinesis does."""
        # pylint: disable=invalid-name
        assert StreamName == "s"
        self.calls += 1
        if self.calls % 2 == 0:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "PutRecords")
        results = []
        for index, record in enumerate(Records):
            if self.calls == 1 and index % 2:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
                continue
            self.taken.append(record["Data"])
            results.append({"ShardId": "a", "SequenceNumber": str(len(self.taken))})
        return {"Records": results}


def test_each_entry_is_put_until_it_is_taken_and_counted_once() -> None:
    kinesis = Kinesis()
    entries = [Entry(b"%d" % number, "k", 3) for number in range(10)]
    chunks = itertools.chain([entries], itertools.repeat([]))
    producer = Producer(kinesis, ("s", "arn"), chunks, lambda put: 2 * put // 60, 1)
    producer.start()
    producer.resume()
    while producer.records < 30:
        time.sleep(0.01)
    producer.pause()
    calls = kinesis.calls
    assert sorted(kinesis.taken) == sorted(entry.data for entry in entries)
    assert producer.records == 30 and producer.failed_puts == 1
    assert producer.puts == [prediction_id("arn", "a", str(n)) for n in range(1, 11)]
    assert producer.last == {"a": producer.puts[-1]}
    producer.stop()
    assert not producer.is_alive()
    assert kinesis.calls == calls
