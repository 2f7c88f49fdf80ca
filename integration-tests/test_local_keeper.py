"""An emulated cloud that forgets everything at a restart, and the keeper that puts it back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.configuration import REPOSITORY, Configuration, load
from localcloud.docker.keeper import Copy
from localcloud.provision import client
from localcloud.services.emulator import Emulator
from tests.localcloud.support.deployment import eventually

pytestmark = pytest.mark.embedded


class Again(Emulator):
    """An emulator on a port of an earlier one."""

    def __init__(self, state: Path, port: int) -> None:
        self.preferred_port = port
        super().__init__(state, usual_port=True)


@contextmanager
def keeping(state: Path, variables: dict[str, str]) -> Iterator[Path]:
    """Run the keeper; yield the file it touches after each good look."""
    ready = state / "ready"
    command = [sys.executable, "-m", "localcloud.docker.keeper"]
    with subprocess.Popen(
        [*command, "--state", str(state / "copies"), "--ready", str(ready)],
        cwd=REPOSITORY,
        env={**os.environ, **variables},
    ) as keeper:
        try:
            yield ready
        finally:
            keeper.terminate()


def read(variables: dict[str, str], bucket: str) -> dict[str, bytes]:
    """Return a bucket's objects; nothing where it is not there."""
    s3 = client("s3", variables)
    try:
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
    except (BotoCoreError, ClientError):
        return {}


def streams(variables: dict[str, str]) -> set[str]:
    """Return the names of the streams that are there."""
    try:
        return set(client("kinesis", variables).list_streams()["StreamNames"])
    except (BotoCoreError, ClientError):
        return set()


def test_what_a_restart_empties_comes_back(tmp_path: Path) -> None:
    """GIVEN models in an emulated cloud WHEN it restarts with nothing in it THEN streams, buckets
    and objects are there again, what was deleted before is not, and the keeper says it is ready."""
    names = load()
    models = names.model_bucket_name
    with Emulator(tmp_path / "first") as first:
        variables = first.environment()
        with keeping(tmp_path, variables) as ready:
            eventually(ready.exists)
            s3 = client("s3", variables)
            for key, body in (("a/1/model.onnx", b"\x00\xff"), ("a/champion.json", b"{1}")):
                s3.put_object(Bucket=models, Key=key, Body=body)
            s3.put_object(Bucket=models, Key="gone", Body=b"")
            kept = tmp_path / "copies" / models
            eventually((kept / "gone").exists)
            s3.delete_object(Bucket=models, Key="gone")
            eventually(lambda: not (kept / "gone").exists())
            # Rows of students under their pseudonyms are among them.
            assert kept.stat().st_mode & 0o077 == 0
            assert all(file.stat().st_mode & 0o077 == 0 for file in kept.iterdir())
            first.stop()
            ready.unlink()
            with Again(tmp_path / "second", first.port):
                eventually(ready.exists)
                expected = {"a/1/model.onnx": b"\x00\xff", "a/champion.json": b"{1}"}
                assert read(variables, models) == expected
                wanted = {names.students_stream_name, names.predictions_stream_name}
                assert streams(variables) >= wanted


def test_an_end_in_the_middle_loses_no_copy(tmp_path: Path) -> None:
    """GIVEN a keeper that ended between making the bucket and filling it WHEN the next one looks
    THEN it fills it, and does not take the emptiness for deletions."""
    names: Configuration = load()
    bucket = names.model_bucket_name
    with Emulator(tmp_path) as emulator:
        s3: Any = client("s3", emulator.environment())
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="champion.json", Body=b"{2}")
        copy = Copy(s3, bucket, tmp_path / "copies")
        assert not copy.missing()
        copy.save()
        s3.delete_object(Bucket=bucket, Key="champion.json")
        s3.delete_bucket(Bucket=bucket)
        assert copy.missing()
        s3.create_bucket(Bucket=bucket)
        again = Copy(s3, bucket, tmp_path / "copies")
        assert again.missing()
        assert again.restore() == 1
        assert not again.missing()
        assert read(emulator.environment(), bucket) == {"champion.json": b"{2}"}
