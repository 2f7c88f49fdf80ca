"""Deleting at the end of a test what it made at the endpoint, which may outlive the run."""

from collections.abc import Mapping
from typing import Any

from localcloud.configuration import Configuration
from localcloud.provision import delete_bucket, empty_bucket, remove
from localcloud.services.mailbox import MOTO, identify


def discard_bucket(s3: Any, name: str) -> None:
    """Delete a bucket; on moto only what it holds.

    moto 5.2.5 answers 500 to every question for its mails once a bucket that held something is gone.
    """
    if identify(s3.meta.endpoint_url).name == MOTO:
        empty_bucket(s3, name)
    else:
        delete_bucket(s3, name)


def discard(configuration: Configuration, variables: Mapping[str, str]) -> None:
    """Delete what was provisioned."""
    remove(configuration, variables, discard_bucket)
