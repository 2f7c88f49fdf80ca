"""S3 objects with the few operations training needs, and failures in words within a minute."""

import io
import json
from dataclasses import dataclass
from typing import Any, Self

import boto3
import pandas as pd
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.training.errors import PublicationError, ServiceError
from orchestrator.training.progress import pretty
from orchestrator.training.settings import Buckets

CONNECT_SECONDS = 5
READ_SECONDS = 30
ATTEMPTS = 4
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@dataclass(frozen=True)
class StoredObject:
    """An object's bytes and its entity tag (for conditional writes)."""

    data: bytes
    etag: str


class ObjectStore:
    """One bucket."""

    def __init__(self, bucket: str, client: Any, address: str = "") -> None:
        self.bucket = bucket
        self._client = client
        self._address = f"{address or 'AWS'}/{bucket}"

    def get(self, key: str) -> StoredObject | None:
        """Return the object or None where there is none; raises ServiceError."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
            return StoredObject(answer["Body"].read(), answer["ETag"])
        except (BotoCoreError, ClientError) as error:
            if _code(error) in _ABSENT:
                return None
            raise ServiceError("S3", self._address, error) from error

    def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Write the object, whatever was there; raises ServiceError."""
        self._put(key, data, ContentType=content_type)

    def swap(self, key: str, data: bytes, expected: StoredObject | None) -> None:
        """Write the object only if it still is ``expected`` (None: only if there is none).

        Raises PublicationError if another writer was first (If-Match / If-None-Match of S3).
        """
        condition = {"IfMatch": expected.etag} if expected else {"IfNoneMatch": "*"}
        self._put(key, data, ContentType="application/json", **condition)

    def put_json(self, key: str, value: object) -> None:
        """Write ``value`` (dataclasses included) as indented JSON."""
        self.put(key, pretty(value), "application/json")

    def get_json(self, key: str) -> Any:
        """Return the parsed object or None where there is none."""
        stored = self.get(key)
        return None if stored is None else json.loads(stored.data)

    def put_frame(self, key: str, frame: pd.DataFrame) -> None:
        """Write ``frame`` as parquet."""
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        self.put(key, buffer.getvalue())

    def get_frame(self, key: str) -> pd.DataFrame:
        """Return the parquet object as a table; raises ServiceError if it is missing."""
        stored = self.get(key)
        if stored is None:
            raise ServiceError("S3", self._address, f"object {key} is missing")
        return pd.read_parquet(io.BytesIO(stored.data))

    def check(self) -> None:
        """Raise ServiceError if the bucket cannot be reached."""
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except (BotoCoreError, ClientError) as error:
            raise ServiceError("S3", self._address, error) from error

    def _put(self, key: str, data: bytes, **extra: str) -> None:
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=data, **extra)
        except (BotoCoreError, ClientError) as error:
            if _code(error) in _LOST_RACE:
                raise PublicationError(f"{key}: another writer was first") from error
            raise ServiceError("S3", self._address, error) from error


@dataclass(frozen=True)
class Stores:
    """The two buckets training writes: models (served) and artifacts (everything else)."""

    models: ObjectStore
    artifacts: ObjectStore

    @classmethod
    def open(cls, settings: Buckets) -> Self:
        """Make one client for both buckets; the SDK reads address and keys from the environment."""
        client = boto3.client(
            "s3",
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            ),
        )
        return cls(
            ObjectStore(settings.model_bucket, client, settings.endpoint_url),
            ObjectStore(settings.artifact_bucket, client, settings.endpoint_url),
        )


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
