"""Killed between publishing and checkpoint, a hundred times: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.stream.identity import prediction_id
from localcloud.configuration import REPOSITORY
from tests.inference.support.aggregate import aggregate
from tests.inference.support.kinesis import encoded
from tests.localcloud.support.deployment import Deployment

LIVES = 100
RECORDS = 3_000


@pytest.mark.slow
def test_a_hundred_kills(deploy: Callable[..., Deployment], tmp_path: Path) -> None:
    """GIVEN 3,000 records, poison and aggregates among them
    WHEN their consumer is killed a hundred times around its publishing
    THEN after dedupe by prediction_id every input has exactly one answer, and answers with the
    same id say the same."""
    deployment = deploy(stream_shard_count=1)
    deployment.publish()
    inputs = [
        (
            f"{number}",
            b"{" if number % 50 == 7 else encoded(number),
        )
        for number in range(RECORDS)
    ]
    inputs[500] = ("packed", aggregate([("a", encoded(number)) for number in range(20)]))
    placed = deployment.put(inputs)
    shard = placed[0][0]
    stream = deployment.configuration.students_stream_name
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tests.inference.support.mortal", stream, shard),
            *(str(tmp_path / "checkpoint"), str(LIVES), "7319"),
        ],
        cwd=REPOSITORY,
        env={**os.environ, **deployment.variables},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert f"{LIVES} deaths" in run.stdout
    summary = deployment.kinesis.describe_stream_summary(StreamName=stream)
    arn = summary["StreamDescriptionSummary"]["StreamARN"]
    expected = {
        prediction_id(arn, shard, number, sub)
        for index, (_, number) in enumerate(placed)
        for sub in range(20 if index == 500 else 1)
    }
    counts: Counter[str] = Counter()
    contents: dict[str, dict[str, object]] = {}
    for data in deployment.answers():
        answer = json.loads(data)
        answer.pop("predicted_at")
        counts[answer["prediction_id"]] += 1
        assert contents.setdefault(answer["prediction_id"], answer) == answer
    assert set(counts) == expected
    assert max(counts.values()) > 1, "the kills must have caused repeats for this to prove anything"
