"""The school's key of pseudonyms, in the artifact bucket."""

from typing import Any

from botocore.exceptions import ClientError

from contract.pseudonym import KEY_FILE, new_key, read_key
from monitoring.clients import error_code
from monitoring.errors import StudentsError

_LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


def find(s3: Any, bucket: str) -> bytes | None:
    """Return the key, or None where none was made; raises StudentsError if it is damaged."""
    data = _get(s3, bucket)
    return None if data is None else _read(data, bucket)


def load(s3: Any, bucket: str) -> bytes:
    """Return the key, made here if there is none yet; raises StudentsError if it is damaged."""
    data = _get(s3, bucket)
    if data is None:
        try:
            s3.put_object(
                Bucket=bucket,
                Key=KEY_FILE,
                Body=new_key(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) not in _LOST_RACE:
                raise
        data = _get(s3, bucket)
    return _read(data or b"{}", bucket)


def _read(data: bytes, bucket: str) -> bytes:
    try:
        return read_key(data)
    except ValueError as error:
        raise StudentsError(f"s3://{bucket}/{KEY_FILE} holds no key") from error


def _get(s3: Any, bucket: str) -> bytes | None:
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=KEY_FILE)["Body"].read())
    except ClientError as error:
        if error_code(error) in ("NoSuchKey", "404"):
            return None
        raise
