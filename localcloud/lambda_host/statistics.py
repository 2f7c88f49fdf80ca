"""What the mapping did, as CloudWatch would show it: counters and iterator age."""

import json
import logging
import threading
from collections import Counter
from collections.abc import Sequence

from localcloud.lambda_host.shard import Outcome, Record

_LOG = logging.getLogger("lambda_host")


class Statistics:
    """Counts since the last report, named as CloudWatch's AWS/Lambda metrics where there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._iterator_age = 0.0

    def batch(self, records: Sequence[Record], now: float) -> None:
        """Note a batch's iterator age: that of its last record when the function receives it."""
        with self._lock:
            self._iterator_age = max(self._iterator_age, now - records[-1].arrived_at)

    def outcome(self, size: int, outcome: Outcome) -> None:
        """Note what came of an invocation with ``size`` records."""
        with self._lock:
            self._counts["Invocations"] += outcome.invoked
            self._counts["Throttles"] += not outcome.invoked
            self._counts["Errors"] += outcome.error is not None
            self._counts["RecordsDone"] += outcome.done
            self._counts["RecordsRetried"] += size - outcome.done

    def discarded(self, size: int, condition: str) -> None:
        """Note records given up."""
        with self._lock:
            self._counts[f"Discarded{condition}"] += size

    def undelivered(self) -> None:
        """Note an on-failure message that could not be sent."""
        with self._lock:
            self._counts["DestinationDeliveryFailures"] += 1

    def report(self) -> None:
        """Log one JSON line with what happened since the last one, if anything did."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            age, self._iterator_age = self._iterator_age, 0.0
        if counts:
            line = {
                "IteratorAgeMilliseconds": round(max(age, 0.0) * 1000),
                **{k: v for k, v in counts.items() if v},
            }
            _LOG.info("%s", json.dumps(line, sort_keys=True))
