"""The project's own handler, in a process that dies of records that say so."""

import os
import signal

from inference import application
from inference.handler import lambda_handler

__all__ = ["lambda_handler"]
_score = application.score


def score(items, predictor):
    """Score the items, or die."""
    if any(b'"request_id": "kill"' in item.data and not item.problem for item in items):
        os.kill(os.getpid(), signal.SIGKILL)
    return _score(items, predictor)


application.score = score
