"""AWS clients with the patience monitoring needs."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def client(service: str, endpoint_url: str | None) -> Any:
    """Return a client that retries what AWS calls retryable and never hangs for long."""
    config = Config(
        connect_timeout=5, read_timeout=20, retries={"max_attempts": 4, "mode": "standard"}
    )
    return boto3.client(service, endpoint_url=endpoint_url, config=config)


def error_code(error: ClientError) -> str:
    """Return AWS's name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))
