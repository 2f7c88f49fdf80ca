"""How many shards, lanes and executions a load needs, and what they cost.

    python -m infrastructure.tools.sizing 2000                    records per second at the peak
    python -m infrastructure.tools.sizing 2000 --daily 5000000    cost by what a day really brings
    python -m infrastructure.tools.sizing 2000 --json             only the variables, for vars/*.tfvars.json

Formulae: infrastructure/README.md, "Sizing". Limits: the Kinesis and Lambda developer guides
(1 MB/s or 1,000 records/s into a shard, 1 to 10 lanes a shard). Prices: AWS list
prices, us-east-1, 2026-11.
"""

import argparse
import json
import math
import sys
from typing import NamedTuple

from contract.errors import StudentPerformanceError

SHARD_RECORDS = 1_000
SHARD_BYTES = 1_000_000
MAXIMUM_LANES = 10
MAXIMUM_RATE = 1_000_000
PUT_RECORDS = 500
HOURS = 730
SHARD_QUOTA = 500
CONCURRENCY_QUOTA = 1_000

SHARD_HOUR = 0.015
RETENTION_SHARD_HOUR = 0.020
FREE_RETENTION_HOURS = 24
PAID_RETENTION_HOURS = 168
PUT_MILLION = 0.014
PUT_UNIT_BYTES = 25_000
REQUEST_MILLION = 0.20
GIGABYTE_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}


class SizingError(StudentPerformanceError):
    """A load that cannot be sized: the message names the value and what is accepted."""

    code = "sizing"


class Load(NamedTuple):
    """What comes in. Rates per second at the peak, sizes in bytes, times in milliseconds.

    ``fixed_ms``, ``record_ms`` and ``put_ms`` are the parts of one invocation: overhead, work per
    record, and one PutRecords call of up to 500 records. ``headroom`` is the part of a shard's
    limit that is used at the peak.
    """

    rate: float
    daily: float | None = None
    input_bytes: float = 300
    output_bytes: float = 700
    batch_size: int = 500
    window_seconds: float = 0
    headroom: float = 0.7
    fixed_ms: float = 11
    record_ms: float = 0.02
    put_ms: float = 50
    memory_mb: int = 1769
    architecture: str = "arm64"
    retention_hours: int = 24


class Size(NamedTuple):
    """What it needs and costs (US dollars; ``idle`` is the month without a single record)."""

    shards: int
    lanes: int
    concurrency: int
    records_per_invocation: float
    invocation_ms: float
    utilisation: float
    idle_month: float
    per_million: float
    month: float
    notes: tuple[str, ...]


def check(load: Load) -> None:
    """Raise SizingError naming the first value that is not accepted."""
    accepted = (
        ("rate", load.rate, 0, MAXIMUM_RATE, "records per second"),
        ("daily", load.daily or 1, 0, MAXIMUM_RATE * 86_400, "records per day"),
        ("input_bytes", load.input_bytes, 0, 1_048_576, "bytes"),
        ("output_bytes", load.output_bytes, 0, 1_048_576, "bytes"),
        ("batch_size", load.batch_size, 0, 10_000, "records"),
        ("headroom", load.headroom, 0, 1, "of a shard's limit"),
        ("memory_mb", load.memory_mb, 127, 10_240, "MB"),
        ("retention_hours", load.retention_hours, 23, PAID_RETENTION_HOURS, "hours"),
    )
    for name, value, low, high, unit in accepted:
        if not low < value <= high:
            raise SizingError(f"{name} is {value:g}; accepted: above {low:g} to {high:g} {unit}")
    for name in ("fixed_ms", "record_ms", "put_ms"):
        if not 0 <= getattr(load, name) <= 900_000:
            raise SizingError(f"{name} is {getattr(load, name):g}; accepted: 0 to 900000")
    if not 0 <= load.window_seconds <= 300:
        raise SizingError(f"window_seconds is {load.window_seconds:g}; accepted: 0 to 300")
    if load.architecture not in GIGABYTE_SECOND:
        raise SizingError(f"architecture is {load.architecture}; accepted: arm64, x86_64")


def shards_of(rate: float, size_bytes: float, headroom: float) -> int:
    """Return the shards of one stream: the larger of what records and what bytes need."""
    needed = max(rate / SHARD_RECORDS, rate * size_bytes / SHARD_BYTES) / headroom
    return max(1, math.ceil(needed))


def shard_hour(retention_hours: int) -> float:
    """Return the dollars of a shard for an hour: the first day of retention is in the price."""
    return SHARD_HOUR + (RETENTION_SHARD_HOUR if retention_hours > FREE_RETENTION_HOURS else 0)


def invocation_ms(records: float, load: Load) -> float:
    """Return the duration of one invocation over so many records."""
    calls = max(1, math.ceil(records / PUT_RECORDS))
    return load.fixed_ms + records * load.record_ms + calls * load.put_ms


def size(load: Load) -> Size:
    """Return what a load needs; raises SizingError."""
    check(load)
    # Both streams get the same count: one record out for each one in.
    shards = max(
        shards_of(load.rate, n, load.headroom) for n in (load.input_bytes, load.output_bytes)
    )
    per_shard = load.rate / shards
    # Lambda looks into a shard once a second; what has gathered by then is a batch.
    gathered = per_shard * max(1.0, load.window_seconds)
    batch = min(float(load.batch_size), max(1.0, gathered))
    lanes = max(1, math.ceil(per_shard * invocation_ms(batch, load) / 1000 / batch / load.headroom))
    notes = []
    if lanes > MAXIMUM_LANES:
        # A lane that cannot keep up is helped by more shards only.
        shards = math.ceil(shards * lanes / MAXIMUM_LANES)
        lanes, per_shard = MAXIMUM_LANES, load.rate / shards
        batch = min(batch, max(1.0, per_shard * max(1.0, load.window_seconds)))
        notes.append("the handler, not the stream, decides the shards: raise batch_size")
    duration = invocation_ms(batch, load)
    concurrency = shards * lanes
    in_all = 2 * shards
    if in_all > SHARD_QUOTA:
        notes.append(f"{in_all} shards in all: above the default quota of {SHARD_QUOTA} an account")
    if concurrency > CONCURRENCY_QUOTA:
        notes.append(f"concurrency {concurrency}: above the default quota of {CONCURRENCY_QUOTA}")
    million = per_million(batch, load)
    idle = in_all * shard_hour(load.retention_hours) * HOURS
    daily = load.rate * 86_400 if load.daily is None else load.daily
    return Size(
        shards=shards,
        lanes=lanes,
        concurrency=concurrency,
        records_per_invocation=batch,
        invocation_ms=duration,
        utilisation=per_shard * duration / 1000 / batch / lanes,
        idle_month=idle,
        per_million=million,
        month=idle + million * daily * HOURS / 24 / 1e6,
        notes=tuple(notes),
    )


def per_million(batch: float, load: Load) -> float:
    """Return the dollars of a million records beyond the idle shards: Lambda and PUT units."""
    invocations = 1e6 / batch
    gigabyte_seconds = invocations * invocation_ms(batch, load) / 1000 * load.memory_mb / 1024
    units = math.ceil(load.input_bytes / PUT_UNIT_BYTES) + math.ceil(
        load.output_bytes / PUT_UNIT_BYTES
    )
    return (
        invocations / 1e6 * REQUEST_MILLION
        + gigabyte_seconds * GIGABYTE_SECOND[load.architecture]
        + units * PUT_MILLION
    )


def variables(load: Load, needed: Size) -> dict[str, object]:
    """Return the Terraform variables the size stands for."""
    return {
        "stream_mode": "PROVISIONED",
        "stream_shard_count": needed.shards,
        "stream_retention_hours": load.retention_hours,
        "mapping_batch_size": load.batch_size,
        "mapping_batching_window_seconds": load.window_seconds,
        "mapping_parallelization_factor": needed.lanes,
        "function_memory_mb": load.memory_mb,
        "function_reserved_concurrency": needed.concurrency,
    }


def describe(load: Load, needed: Size) -> str:
    """Return the size as text for people."""
    lines = [
        f"{load.rate:,.0f} records/s at the peak",
        f"  shards, each stream      {needed.shards:,}",
        f"  lanes per shard          {needed.lanes}",
        f"  concurrent executions    {needed.concurrency:,}",
        f"  records per invocation   {needed.records_per_invocation:,.0f}  ({needed.invocation_ms:,.0f} ms)",
        f"  busy at the peak         {needed.utilisation:.0%} of each lane",
        f"  idle, a month            ${needed.idle_month:,.2f}",
        f"  per million predictions  ${needed.per_million:.4f}",
        f"  a month in all           ${needed.month:,.2f}",
    ]
    return "\n".join([*lines, *(f"  note: {note}" for note in needed.notes)])


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the parsed command line; its names are Load's."""
    parser = argparse.ArgumentParser(
        prog="python -m infrastructure.tools.sizing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rate", type=float, help="records per second at the peak, up to a million")
    parser.add_argument("--daily", type=float, help="records a day (default: the peak all day)")
    parser.add_argument("--json", action="store_true", help="print the Terraform variables only")
    defaults = Load(rate=1)
    for name in Load._fields[2:]:
        value = getattr(defaults, name)
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, type=type(value), default=value, help=f"default: {value}")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the calculator; return the exit code."""
    options = vars(parse(arguments))
    as_json = options.pop("json")
    load = Load(**options)
    try:
        needed = size(load)
    except SizingError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(variables(load, needed), indent=2) if as_json else describe(load, needed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
