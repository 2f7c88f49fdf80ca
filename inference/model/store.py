"""Where bundles lie: an S3 bucket or a local directory of the same shape.

Every method of a store raises BundleError when the file cannot be had.
"""

from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from contract.bundle import POINTER_FILE, BundleError
from inference import aws
from inference.settings import Settings

MAX_FILE_BYTES = 256 * 1024 * 1024


class PointerFile(NamedTuple):
    """The bytes of a pointer file, and a tag that changes when they do."""

    data: bytes
    tag: str


class LocalStore:
    """Bundles below a directory: either MODEL itself, or one that holds models/NAME."""

    def __init__(self, location: Path, model_name: str) -> None:
        self._location = location
        self._nested = location / "models" / model_name

    @property
    def _root(self) -> Path:
        return self._nested if self._nested.is_dir() else self._location

    def pointer(self, known: str | None) -> PointerFile | None:
        """Return the pointer file, or None when its modification time is still ``known``."""
        path = self._root / POINTER_FILE
        try:
            state = path.stat()
        except OSError as error:
            raise BundleError(f"{POINTER_FILE} cannot be read: {error.strerror}") from error
        tag = f"{state.st_mtime_ns}-{state.st_ino}-{state.st_size}"
        return None if tag == known else PointerFile(self._read(path, POINTER_FILE), tag)

    def file(self, version: str, name: str) -> bytes:
        """Return one file of one version."""
        return self._read(self._root / version / name, f"{version}/{name}")

    @staticmethod
    def _read(path: Path, label: str) -> bytes:
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise BundleError(f"{label} is larger than {MAX_FILE_BYTES} bytes")
            return path.read_bytes()
        except OSError as error:
            raise BundleError(f"{label} cannot be read: {error.strerror}") from error


class S3Store:
    """Bundles below s3://BUCKET/models/NAME. Unchanged pointers cost one 304 and no body."""

    def __init__(self, client: Any, bucket: str, model_name: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"models/{model_name}"

    def pointer(self, known: str | None) -> PointerFile | None:
        """Return the pointer file by conditional GET, or None when S3 says 304."""
        answer = self._get(POINTER_FILE, {"IfNoneMatch": known} if known else {})
        return None if answer is None else PointerFile(*answer)

    def file(self, version: str, name: str) -> bytes:
        """Return one file of one version."""
        answer = self._get(f"{version}/{name}", {})
        if answer is None:
            raise BundleError(f"{version}/{name} cannot be read: S3 answered 304 unasked")
        return answer[0]

    def _get(self, key: str, condition: dict[str, str]) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=f"{self._prefix}/{key}", **condition
            )
            if answer["ContentLength"] > MAX_FILE_BYTES:
                raise BundleError(f"{key} is larger than {MAX_FILE_BYTES} bytes")
            return answer["Body"].read(), answer["ETag"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 304:
                return None
            code = error.response["Error"]["Code"]
            raise BundleError(f"{key} cannot be read: S3 answered {code}") from error
        except BotoCoreError as error:
            raise BundleError(f"{key} cannot be read: {type(error).__name__}") from error


Store = LocalStore | S3Store


def open_store(settings: Settings) -> Store:
    """Return the store the settings name."""
    if settings.model_location is not None:
        return LocalStore(Path(settings.model_location), settings.model_name)
    assert settings.model_bucket is not None
    return S3Store(aws.client("s3", attempts=2), settings.model_bucket, settings.model_name)
