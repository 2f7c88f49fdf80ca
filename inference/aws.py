"""AWS clients with the time limits this service counts on."""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

CONNECT_SECONDS = 1.0
READ_SECONDS = 5.0
ATTEMPT_SECONDS = CONNECT_SECONDS + READ_SECONDS
"""The longest one attempt takes."""


@cache
def _session() -> Session:
    return get_session()


def client(service: str, attempts: int = 1, read_seconds: float = READ_SECONDS) -> Any:
    """Return a new client for ``service``; endpoint, region and credentials as the SDK finds them.

    With one attempt retries are the caller's, who knows the time that is left.

    botocore's session is used as it is: boto3's adds resources and transfers nobody here needs.
    """
    return _session().create_client(
        service,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=read_seconds,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            parameter_validation=False,
            tcp_keepalive=True,
        ),
    )
