"""The mapping's figures: named as CloudWatch names them, one JSON line, only when something
happened.
"""

from __future__ import annotations

import json
import logging

import pytest

from localcloud.lambda_host.shard import Outcome
from localcloud.lambda_host.statistics import Statistics
from tests.localcloud.support.simulation import NOW, record


def test_one_line_says_what_happened_since_the_last(caplog: pytest.LogCaptureFixture) -> None:
    """GIVEN a batch, a failure, a throttle and a discard WHEN reported THEN one line counts them;
    then there is none.
    """
    caplog.set_level(logging.INFO, "lambda_host")
    statistics = Statistics()
    statistics.batch([record(1), record(2, arrived_at=NOW + 1)], NOW + 3)
    statistics.outcome(2, Outcome(1, error="Handled"))
    statistics.outcome(1, Outcome(0, invoked=False))
    statistics.discarded(1, "RecordAgeExceeded")
    statistics.undelivered()
    statistics.report()
    statistics.report()
    (line,) = caplog.messages
    assert json.loads(line) == {
        "IteratorAgeMilliseconds": 2000,
        "Invocations": 1,
        "Errors": 1,
        "Throttles": 1,
        "RecordsDone": 1,
        "RecordsRetried": 2,
        "DiscardedRecordAgeExceeded": 1,
        "DestinationDeliveryFailures": 1,
    }
