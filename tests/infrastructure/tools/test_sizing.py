"""The calculator: what it promises holds for any load, and bad loads are refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.tools import sizing
from infrastructure.tools.sizing import Load, SizingError, size
from tests.infrastructure.support.plans import INFRASTRUCTURE

LOADS = st.fixed_dictionaries(
    {
        "rate": st.floats(0.01, sizing.MAXIMUM_RATE),
        "input_bytes": st.floats(50, 20_000),
        "output_bytes": st.floats(50, 20_000),
        "batch_size": st.integers(1, 10_000),
        "window_seconds": st.floats(0, 300),
        "headroom": st.floats(0.2, 1),
        "architecture": st.sampled_from(["arm64", "x86_64"]),
    }
).map(lambda values: Load(**values))


@given(LOADS)
def test_no_shard_is_over_its_limit(load: Load) -> None:
    needed = size(load)
    per_shard = load.rate / needed.shards
    assert per_shard <= sizing.SHARD_RECORDS * load.headroom * 1.0001
    larger = max(load.input_bytes, load.output_bytes)
    assert per_shard * larger <= sizing.SHARD_BYTES * load.headroom * 1.0001


@given(LOADS)
def test_lanes_keep_up(load: Load) -> None:
    needed = size(load)
    assert 1 <= needed.lanes <= sizing.MAXIMUM_LANES
    assert needed.utilisation <= load.headroom * 1.0001
    assert needed.concurrency == needed.shards * needed.lanes


@given(LOADS, st.floats(1, 4))
def test_more_records_never_need_fewer_shards(load: Load, factor: float) -> None:
    more = load._replace(rate=min(load.rate * factor, sizing.MAXIMUM_RATE))
    if size(load).lanes < sizing.MAXIMUM_LANES and size(more).lanes < sizing.MAXIMUM_LANES:
        assert size(more).shards >= size(load).shards


def test_known_costs() -> None:
    """Two idle shards cost $21.90 a month; full batches cost $0.0045 Lambda a million on x86_64."""
    assert size(Load(rate=1)).idle_month == pytest.approx(21.90)
    full = sizing.per_million(500, Load(rate=1, architecture="x86_64"))
    assert full - 2 * sizing.PUT_MILLION == pytest.approx(0.0045, abs=0.0002)


def test_a_longer_retention_is_charged() -> None:
    """$0.020 a shard and hour on top of $0.015: production's four shards are $102.20 a month."""
    load = Load(rate=1000, retention_hours=72)
    assert size(load).shards == 2 and size(load).idle_month == pytest.approx(102.20)
    assert size(load._replace(retention_hours=24)).idle_month == pytest.approx(43.80)
    assert size(load._replace(retention_hours=25)).idle_month == pytest.approx(102.20)


def test_quotas_are_named() -> None:
    notes = " ".join(size(Load(rate=1_000_000)).notes)
    assert "quota of 500" in notes and "quota of 1000" in notes


@given(LOADS)
def test_the_quota_is_compared_with_what_is_said(load: Load) -> None:
    needed = size(load)
    said = [int(note.split()[0]) for note in needed.notes if "shards in all" in note]
    in_all = 2 * needed.shards
    assert said == ([in_all] if in_all > sizing.SHARD_QUOTA else [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 0}, "rate is 0"),
        ({"rate": 2e6}, "rate is 2e+06"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"batch_size": 10_001}, "batch_size"),
        ({"headroom": 1.5}, "headroom"),
        ({"window_seconds": 301}, "window_seconds"),
        ({"architecture": "amd64"}, "arm64, x86_64"),
        ({"memory_mb": 64}, "memory_mb"),
        ({"put_ms": -1}, "put_ms"),
        ({"retention_hours": 23}, "retention_hours"),
        ({"retention_hours": 169}, "retention_hours"),
    ],
)
def test_a_bad_load_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SizingError, match=words.replace("+", r"\+")):
        size(Load(rate=1)._replace(**changes))


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert sizing.main(["2000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stream_shard_count"] == 3
    assert sizing.main(["2000", "--daily", "1000000"]) == 0
    assert "shards, each stream      3" in capsys.readouterr().out
    assert sizing.main(["-5"]) == 2
    assert "sizing: rate is -5" in capsys.readouterr().err


def test_its_variables_are_terraforms() -> None:
    declared = (INFRASTRUCTURE / "variables.tf").read_text(encoding="utf-8")
    for name in sizing.variables(Load(rate=1), size(Load(rate=1))):
        assert f'variable "{name}"' in declared
