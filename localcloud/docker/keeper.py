"""Keep an emulated cloud as it was through restarts that empty it: ``python -m localcloud.docker.keeper``.

LocalStack's free edition forgets everything when it stops, and reports itself healthy. This creates
what is missing and puts back the objects of its buckets, which it copies to ``--state`` while they
are there. Records on a stream are gone, as they would be after their retention.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from contract.bundle import POINTER_FILE
from localcloud.configuration import LOCAL_VARIABLES, Configuration, load
from localcloud.errors import LocalCloudError
from localcloud.private import make_private, write_private
from localcloud.provision import client, provision

LOOK_SECONDS = 5.0


class Copy:
    """The objects of one bucket as files below ``folder``."""

    def __init__(self, s3: Any, bucket: str, folder: Path) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._folder = folder / bucket
        self._index = folder / f"{bucket}.json"
        # There from before an emptied bucket is made again until all is back in it: without it,
        # an end in between would make the empty bucket look like one whose objects were deleted.
        self._restoring = folder / f"{bucket}.restoring"

    def missing(self) -> bool:
        """Tell whether the bucket is not there, or is not whole yet."""
        try:
            self._s3.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            make_private(self._restoring.parent)
            self._restoring.touch()
        return self._restoring.exists()

    def restore(self) -> int:
        """Put every object back, pointers last; return how many."""
        keys = sorted(self._known(), key=_pointers_last)
        for key in keys:
            body = (self._folder / quote(key, safe="")).read_bytes()
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)
        self._restoring.unlink(missing_ok=True)
        return len(keys)

    def save(self) -> None:
        """Copy what is new or changed; forget what was deleted."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        listed = {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", ())}
        known = self._known()
        if listed == known:
            return
        make_private(self._folder)
        for key in sorted(listed, key=_pointers_last):
            if known.get(key) != listed[key]:
                # One that changes meanwhile fails here and is copied by the next look.
                found = self._s3.get_object(Bucket=self._bucket, Key=key, IfMatch=listed[key])
                write_private(self._folder / quote(key, safe=""), found["Body"].read())
        write_private(self._index, msgspec.json.encode(listed))
        for key in known.keys() - listed.keys():
            (self._folder / quote(key, safe="")).unlink(missing_ok=True)

    def _known(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._index.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}


def _pointers_last(key: str) -> tuple[bool, str]:
    return key.endswith(POINTER_FILE), key


def look(configuration: Configuration, variables: Mapping[str, str], state: Path) -> int | None:
    """Mend what is missing, or copy what is there; return how many objects were put back.

    None where nothing was missing. Raises BotoCoreError, ClientError or LocalCloudError where the
    endpoint is away; a repetition goes on where this ended.
    """
    s3 = client("s3", variables)
    buckets = (configuration.model_bucket_name, configuration.artifact_bucket_name)
    copies = [Copy(s3, bucket, state) for bucket in buckets]
    # All are asked before one is made.
    empty = [copy for copy in copies if copy.missing()]
    provision(configuration, variables)
    if empty:
        return sum(copy.restore() for copy in empty)
    for copy in copies:
        copy.save()
    return None


def main() -> int:
    """Look every five seconds until a signal comes; ``--ready`` is touched when all is there."""
    parser = argparse.ArgumentParser(prog="localcloud.docker.keeper", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="where the copies are kept")
    parser.add_argument("--ready", type=Path, required=True, help="touched after each good look")
    parser.add_argument(
        "--variables", type=Path, default=LOCAL_VARIABLES, help="a tfvars.json file"
    )
    options = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    configuration = load(options.variables)
    options.ready.unlink(missing_ok=True)
    said = ""
    while True:
        try:
            restored = look(configuration, os.environ, options.state)
            options.ready.touch()
            news = "" if restored is None else f"made what was missing; {restored} objects put back"
        except (BotoCoreError, ClientError, LocalCloudError) as error:
            news = f"waiting: {error}"
        if news and news != said:
            print(news, flush=True)
        said = news
        if stopping.wait(LOOK_SECONDS):
            return 0


if __name__ == "__main__":
    sys.exit(main())
