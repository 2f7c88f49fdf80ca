"""Bring a version that one environment proved to another: the same bytes, judged again there.

    python -m orchestrator.promote --from local --to stg --version 3

--from and --to take an environment or, with a slash, a directory to carry the version in. Where the
target trains, its own task takes what was sent (--received), since nobody else reaches its MLflow;
elsewhere the caller publishes. Exit codes: 0 there, or there already; 1 refused or failed.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from contract.environment import read
from contract.errors import StudentPerformanceError
from orchestrator.environments import Environment
from orchestrator.training.errors import PublicationError, ServiceError
from orchestrator.training.release.delivery import Arrival, Target, deliver
from orchestrator.training.release.parcel import Parcel
from orchestrator.training.release.publication import BundleStore
from orchestrator.training.settings import Buckets
from orchestrator.training.storage import ObjectStore, Stores

INCOMING = "incoming/"
EVENT = "promote"
"""The detail type that the rule in infrastructure/modules/training waits for."""
PATIENCE_SECONDS = 1200.0
PAUSE_SECONDS = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parse(arguments)
    try:
        if options.received:
            return report(receive(options.request_id))
        parcel = fetch(options.source, options.version, options.from_profile)
        print(f"{parcel.origin}/{parcel.bundle.version}: manifest sha256 {parcel.manifest_sha256}")
        if "/" in options.target:
            write(Path(options.target), parcel)
            return 0
        environment = Environment.named(options.target, options.to_profile)
        with environment.entered():
            if environment.trains:
                return report(hand_over(environment, parcel))
            return report(deliver(parcel, Target.open()))
    except StudentPerformanceError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m orchestrator.promote",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="source", default="", help="stg, prod, local; a directory/")
    parser.add_argument("--to", dest="target", default="", help="as --from")
    parser.add_argument("--version", default="", help="a version published in --from, such as 3")
    parser.add_argument("--from-profile", default="", help="of the AWS configuration")
    parser.add_argument("--to-profile", default="", help="of the AWS configuration")
    parser.add_argument("--received", action="store_true", help="take what was sent here")
    parser.add_argument("--request-id", default="", help="name of the outcome of --received")
    options = parser.parse_args(arguments)
    if options.received != bool(options.request_id):
        parser.error("--received and --request-id go together")
    if not options.received and not (options.source and options.target):
        parser.error("--from and --to are needed (make promote FROM=local TO=stg VERSION=3)")
    if not options.received and "/" not in options.source and not options.version.strip():
        parser.error("--version is needed: a version published in --from")
    if options.source and options.source == options.target:
        parser.error("--from and --to are the same; make rollback moves a champion back")
    return options


def fetch(source: str, version: str, profile: str = "") -> Parcel:
    """Return a verified version of an environment, or the one a directory carries."""
    if "/" in source:
        return Parcel.unpack(lambda name: _read(Path(source) / name))
    environment = Environment.named(source, profile)
    with environment.entered():
        buckets = read(Buckets, os.environ)
        bundles = BundleStore(Stores.open(buckets).models, buckets.model_name)
        return Parcel.fetch(source, bundles, version.strip())


def write(folder: Path, parcel: Parcel) -> None:
    """Write a version into a directory."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in parcel.pack().items():
        (folder / name).write_bytes(data)


def hand_over(environment: Environment, parcel: Parcel) -> Arrival:
    """Send a version to the task of an environment that trains, and wait for its word."""
    artifacts = Target.open().artifacts
    for name, data in parcel.pack().items():
        artifacts.put(f"{INCOMING}{name}", data)
    request = ask(f"student-performance-{environment.name}")
    print(f"asked {environment.name}: {request}", flush=True)
    end = time.monotonic() + PATIENCE_SECONDS
    while (outcome := artifacts.get_json(f"outcomes/{request}.json")) is None:
        if time.monotonic() > end:
            raise PublicationError(
                f"no word of {request} within {PATIENCE_SECONDS:.0f} s: see the log group"
                f" /ecs/student-performance-{environment.name}-mage"
            )
        time.sleep(PAUSE_SECONDS)
    if "error" in outcome:
        raise PublicationError(f"{environment.name} says {outcome['error']}")
    return Arrival(**outcome)


def ask(source: str) -> str:
    """Put the event that starts the task; returns the identifier that names the outcome."""
    entry = {"Source": source, "DetailType": EVENT, "Detail": "{}"}
    try:
        answer = boto3.client("events").put_events(Entries=[entry])
    except (BotoCoreError, ClientError) as error:
        raise ServiceError("EventBridge", source, error) from error
    found: dict[str, Any] = answer["Entries"][0]
    if "EventId" not in found:
        raise ServiceError("EventBridge", source, found.get("ErrorMessage", "it took no event"))
    return str(found["EventId"])


def receive(request_id: str) -> Arrival:
    """Take what was sent to this environment; the outcome is stored, an error too."""
    target = Target.open()

    def sent(name: str) -> bytes | None:
        stored = target.artifacts.get(f"{INCOMING}{name}")
        return None if stored is None else stored.data

    try:
        arrival = deliver(Parcel.unpack(sent), target)
    except StudentPerformanceError as error:
        _store(target.artifacts, request_id, {"error": f"{error.code}: {error}"})
        raise
    _store(target.artifacts, request_id, arrival)
    return arrival


def report(arrival: Arrival) -> int:
    """Say what became of it; returns the exit code."""
    for reason in arrival.reasons:
        print(f"- {reason}")
    if not arrival.promoted:
        print(f"Refused: {arrival.origin} does not become the champion; what serves stays.")
        return 1
    if arrival.moved:
        print(f"{arrival.origin} is the champion now, as version {arrival.version}.")
    else:
        print(f"Already there: {arrival.origin} is the champion, as version {arrival.version}.")
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _store(artifacts: ObjectStore, request_id: str, outcome: object) -> None:
    artifacts.put_json(f"outcomes/{request_id}.json", outcome)


if __name__ == "__main__":
    sys.exit(main())
