"""Every fault the soak knows, by the name that its table and docs/failures.md use."""

import signal
from collections.abc import Callable
from typing import Any, NamedTuple

from localcloud.provision import delete_bucket, delete_stream
from localcloud.soak.world import BAD, GOOD, World

Act = Callable[[World], object]


class Fault(NamedTuple):
    """What goes wrong at ``begin``; what does not mend itself lasts until ``end``."""

    name: str
    what: str
    begin: Act
    end: Act | None = None
    emulator: bool = False
    """Needs the embedded emulator's process."""


def _kill(role: str) -> Act:
    return lambda world: world.signal(role, signal.SIGKILL)


def _promote(world: World) -> None:
    world.point(GOOD[(GOOD.index(world.version) + 1) % len(GOOD)])


def _restore_pointer(world: World) -> None:
    world.point(world.version)


def _cold(world: World) -> None:
    world.signal("function", signal.SIGKILL)


def _bad_pointer(world: World) -> None:
    world.point_raw(b"{")
    _cold(world)


def _no_model(world: World) -> None:
    world.unpoint()
    _cold(world)


def _no_bucket(world: World) -> None:
    delete_bucket(world.s3, world.configuration.model_bucket_name)
    _cold(world)


def _bucket(world: World) -> None:
    world.provision()
    world.publish()


def _delete(stream: str) -> Act:
    def begin(world: World) -> None:
        with world.drained():
            delete_stream(world.kinesis, world.variables[stream])
            waiter: Any = world.kinesis.get_waiter("stream_not_exists")
            waiter.wait(StreamName=world.variables[stream])

    return begin


def _open_shards(world: World, name: str) -> list[tuple[str, int, int]]:
    """Return (shard id, first hash key, last hash key) of the open shards, by hash key."""
    shards = [
        (
            shard["ShardId"],
            int(shard["HashKeyRange"]["StartingHashKey"]),
            int(shard["HashKeyRange"]["EndingHashKey"]),
        )
        for shard in world.kinesis.list_shards(StreamName=name)["Shards"]
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]
    return sorted(shards, key=lambda shard: shard[1])


def _active(world: World, name: str) -> None:
    waiter: Any = world.kinesis.get_waiter("stream_exists")
    waiter.wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _split(stream: str) -> Act:
    def begin(world: World) -> None:
        name = world.variables[stream]
        with world.drained():
            shard, first, last = max(_open_shards(world, name), key=lambda one: one[2] - one[1])
            middle = str((first + last) // 2 + 1)
            world.kinesis.split_shard(
                StreamName=name, ShardToSplit=shard, NewStartingHashKey=middle
            )
            _active(world, name)

    return begin


def _merge(stream: str) -> Act:
    def end(world: World) -> None:
        name = world.variables[stream]
        with world.drained():
            shards = _open_shards(world, name)
            # The two narrowest neighbours, so that the shards stay about even.
            one, other = min(zip(shards, shards[1:]), key=lambda pair: pair[1][2] - pair[0][1])
            world.kinesis.merge_shards(
                StreamName=name, ShardToMerge=one[0], AdjacentShardToMerge=other[0]
            )
            _active(world, name)

    return end


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("function-killed", "kill -9 of the function", _kill("function")),
        Fault("host-killed", "kill -9 of the Lambda host", _kill("host")),
        Fault("worker-killed", "kill -9 of the monitoring worker", _kill("worker")),
        Fault("ingest-killed", "kill -9 of monitoring's ingest", _kill("ingest")),
        Fault("postgres-killed", "kill -9 of Postgres", _kill("postgres")),
        Fault(
            "emulator-frozen",
            "the AWS endpoint hangs (SIGSTOP)",
            lambda world: world.signal("emulator", signal.SIGSTOP),
            lambda world: world.signal("emulator", signal.SIGCONT),
            emulator=True,
        ),
        Fault(
            "students-away",
            "the input stream is deleted and made anew",
            _delete("STUDENTS_STREAM_NAME"),
            World.provision,
        ),
        Fault(
            "predictions-away",
            "the output stream is deleted and made anew",
            _delete("PREDICTIONS_STREAM_NAME"),
            World.provision,
        ),
        Fault("bucket-away", "the model bucket is deleted, cold start", _no_bucket, _bucket),
        Fault("model-away", "no champion.json, cold start", _no_model, _restore_pointer),
        Fault(
            "bad-pointer", "champion.json is no JSON, cold start", _bad_pointer, _restore_pointer
        ),
        Fault(
            "bad-model",
            "a model that does not match its checksum is promoted",
            lambda world: world.point(BAD),
            _restore_pointer,
        ),
        Fault("promoted", "another good model is promoted under traffic", _promote),
        Fault(
            "students-resharded",
            "a shard of the input stream splits, two merge",
            _split("STUDENTS_STREAM_NAME"),
            _merge("STUDENTS_STREAM_NAME"),
        ),
        Fault(
            "predictions-resharded",
            "a shard of the output stream splits, two merge",
            _split("PREDICTIONS_STREAM_NAME"),
            _merge("PREDICTIONS_STREAM_NAME"),
        ),
        Fault(
            "stack-restarted",
            "everything stops and starts again",
            World.down,
            World.up,
        ),
    )
}


def inside(name: str) -> tuple[str, ...]:
    """Return what may strike while a fault lasts; none of it uses up the supervisor's restarts."""
    strikes = {"function-killed", "ingest-killed", "promoted"} - {name}
    if FAULTS[name].emulator:
        # Nobody promotes at an endpoint that hangs.
        strikes.discard("promoted")
    return tuple(sorted(strikes))
