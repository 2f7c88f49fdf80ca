"""AWS clients with the patience monitoring needs."""

from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from contract.environment import spare_loopback
from contract.kinesis import quick_reads


def client(service: str, endpoint_url: str | None) -> Any:
    """Return a client that retries what AWS calls retryable and never hangs for long."""
    spare_loopback()
    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"max_attempts": 4, "mode": "standard"},
        # S3 refuses links to KMS-encrypted objects that are signed in the older way, the default.
        signature_version="s3v4" if service == "s3" else None,
    )
    made = boto3.client(service, endpoint_url=endpoint_url, config=config)
    return quick_reads(made) if service == "kinesis" else made


def error_code(error: ClientError) -> str:
    """Return AWS's name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def signed_link(s3: Any, bucket: str, key: str, longest: timedelta) -> tuple[str, datetime]:
    """Return a link to an object and its end: a link dies with the credentials that signed it."""
    now = datetime.now(timezone.utc)
    # pylint: disable-next=protected-access  # botocore has no public way to a client's credentials
    credentials = s3._request_signer._credentials
    credentials.get_frozen_credentials()  # renews them where they are about to end
    ends = min(now + longest, getattr(credentials, "_expiry_time", None) or now + longest)
    address = s3.generate_presigned_url(
        "get_object",
        Params={"Bucket": bucket, "Key": key},
        ExpiresIn=int((ends - now).total_seconds()),
    )
    return str(address), ends
