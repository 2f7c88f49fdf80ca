"""AWS clients with the time limits this service counts on."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

CONNECT_SECONDS = 1.0
READ_SECONDS = 5.0
ATTEMPT_SECONDS = CONNECT_SECONDS + READ_SECONDS
"""The longest one call takes. Retries are the caller's: botocore's own are off."""


@cache
def _session() -> Session:
    return get_session()


def client(service: str) -> Any:
    """Return a new client for ``service``; endpoint, region and credentials as the SDK finds them.

    botocore's session is used as it is: boto3's adds resources and transfers nobody here needs.
    """
    return _session().create_client(
        service,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1, "mode": "standard"},
            parameter_validation=False,
            tcp_keepalive=True,
        ),
    )
