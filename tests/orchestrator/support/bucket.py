"""An S3 client over a dictionary, with conditional writes and crashes: faults no emulator produces."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from orchestrator.training.storage import ObjectStore


class Crash(BaseException):
    """The process died here."""


class FakeBucket:
    """get, put and head of one bucket; ``writes_left`` writes succeed, then the process dies."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.order: list[str] = []
        self.writes_left: int | None = None
        self.down = False

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # pylint: disable=invalid-name
        """Return an object or raise as S3 does."""
        self._reach(Bucket)
        if Key not in self.objects:
            raise refusal("NoSuchKey", 404)
        data = self.objects[Key]
        return {"Body": io.BytesIO(data), "ETag": etag(data)}

    def put_object(self, **request: Any) -> None:
        """Write an object, conditionally if asked for."""
        self._reach(request["Bucket"])
        key, old = request["Key"], self.objects.get(request["Key"])
        if request.get("IfNoneMatch") == "*" and old is not None:
            raise refusal("PreconditionFailed", 412)
        if "IfMatch" in request and (old is None or etag(old) != request["IfMatch"]):
            raise refusal("PreconditionFailed", 412)
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise Crash(key)
            self.writes_left -= 1
        self.objects[key] = request["Body"]
        self.order.append(key)

    def head_bucket(self, Bucket: str) -> None:  # pylint: disable=invalid-name
        """Answer if reachable."""
        self._reach(Bucket)

    def _reach(self, name: str) -> None:
        if self.down:
            raise EndpointConnectionError(endpoint_url=f"http://127.0.0.1/{name}")


def store_over(bucket: FakeBucket) -> ObjectStore:
    """Return the store under test over ``bucket``."""
    return ObjectStore("bucket", bucket, "http://127.0.0.1")


def etag(data: bytes) -> str:
    """Return S3's entity tag of ``data``."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def refusal(code: str, status: int) -> ClientError:
    """Return what boto3 raises for an error code."""
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Operation",
    )
