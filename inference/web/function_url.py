"""The same application behind a Lambda function URL (payload format 2.0).

A function URL takes and gives at most 6 MB, so a class list has fewer rows here; the address is
reached from outside, so the defaults are those of a service that is not on loopback. The key, where
there is one, is a secret that WEB_API_KEY_SECRET names: read when the process starts. There are no
stream addresses: Lambda freezes a process between requests, and with it whatever reads a stream.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from apig_wsgi import make_lambda_handler

from contract.environment import SettingsError
from inference.aws import client
from inference.web.app import app_from_environment
from inference.web.middleware.journal import start_logging
from inference.web.web_settings import read_web_settings

DEFAULTS = {
    "WEB_HOST": "0.0.0.0",  # not bound by anything here: it says that others can reach the service
    "WEB_MAX_BODY_BYTES": str(4 * 1024 * 1024),
    "WEB_MAX_BATCH": "5000",
    "WEB_MAX_ROWS": "5000",
}
KEY_SECRET = "WEB_API_KEY_SECRET"


def key_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the key's variable, where a secret holds it; raises SettingsError for an empty one."""
    secret = environment.get(KEY_SECRET)
    if not secret:
        return {}
    secrets_client = client("secretsmanager", attempts=3)
    answer = secrets_client.get_secret_value(SecretId=secret)
    key = str(answer.get("SecretString", "")).strip()
    if not key:
        raise SettingsError(f"the secret {KEY_SECRET} names is empty")
    return {"WEB_API_KEY": key}


def handler_from(environment: Mapping[str, str]) -> Callable[[Any, Any], dict[str, Any]]:
    """Return the function Lambda calls, for the application ``environment`` describes."""
    start_logging(environment.get("LOG_LEVEL") or "INFO")
    given = DEFAULTS | dict(environment) | key_of(environment) | {"WEB_STREAMS": "0"}
    app = app_from_environment(environment, read_web_settings(given))
    handler: Callable[[Any, Any], dict[str, Any]] = make_lambda_handler(app)
    return handler


@cache
def _handler() -> Callable[[Any, Any], dict[str, Any]]:
    return handler_from(os.environ)


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one HTTP request handed over by Lambda."""
    return _handler()(event, context)
