"""Why an answer may be lacking: what can be seen from here, and the command that mends it."""

import os
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from contract.bundle import POINTER_FILE
from contract.environment import SettingsError
from inference.aws import client
from inference.client.failures import FailureQueue
from inference.settings import read_settings

_ABSENT = {"404", "NoSuchKey", "NoSuchBucket"}


def reason() -> str:
    """Return the reasons in words; a question where nothing can be seen."""
    return "; ".join(filter(None, (no_model(), _given_up()))) or "is it running?"


def no_model() -> str:
    """Return what to do where there is no champion yet; nothing where there is one, or who knows."""
    try:
        settings = read_settings(os.environ)
        key = f"models/{settings.model_name}/{POINTER_FILE}"
        if settings.model_location:
            folder = Path(settings.model_location)
            there = (folder / key).exists() or (folder / POINTER_FILE).exists()
            return "" if there else "no model yet: make train"
        client("s3").head_object(Bucket=settings.model_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return "no model yet: make train"
    except (SettingsError, BotoCoreError):
        pass
    return ""


def _given_up() -> str:
    url = os.environ.get("FAILURE_QUEUE_URL")
    try:
        return FailureQueue(client("sqs"), url).words() if url else ""
    except (BotoCoreError, ClientError):
        return ""
