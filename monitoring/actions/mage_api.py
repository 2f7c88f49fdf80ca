"""Retraining through Mage's API: find the trigger by name, start a run, see how it stands.

Mage answers many errors with HTTP 200 and an "error" in the body, so the body decides.
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final, NamedTuple

from contract.environment import spare_loopback
from monitoring.errors import DeliveryError

_TIMEOUT: Final = 10.0
FAILED: Final = ("failed", "cancelled")
COMPLETED: Final = "completed"


class Trigger(NamedTuple):
    """An API trigger of a pipeline; its number is not stable, its name is."""

    schedule_id: int
    token: str


class Mage:
    """Mage's API at one address."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        spare_loopback()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self._url}/api/{path}", data=data, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
                answer = json.loads(response.read())
        except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
            raise DeliveryError(f"Mage at {self._url} cannot be asked: {error}") from error
        if not isinstance(answer, dict) or answer.get("error"):
            words = answer.get("error") if isinstance(answer, dict) else "no object"
            message = words.get("message", words) if isinstance(words, dict) else words
            raise DeliveryError(f"Mage refused {path.split('/')[0]}: {message}")
        return answer

    def trigger(self, pipeline: str, name: str) -> Trigger:
        """Find the trigger by name; raises DeliveryError naming the ones there are."""
        place = urllib.parse.quote(pipeline, safe="")
        schedules = self._call(f"pipelines/{place}/pipeline_schedules").get("pipeline_schedules")
        triggers = {str(trigger.get("name")): trigger for trigger in schedules or ()}
        if name not in triggers:
            names = ", ".join(triggers) or "none"
            raise DeliveryError(f"pipeline {pipeline} has no trigger {name!r}; it has: {names}")
        trigger = triggers[name]
        if trigger.get("status") not in (None, "active"):
            raise DeliveryError(f"trigger {name!r} is {trigger['status']}, not active")
        return Trigger(int(trigger["id"]), str(trigger.get("token") or self._token))

    def start(self, trigger: Trigger, variables: dict[str, Any]) -> int:
        """Start a run and return its number."""
        token = urllib.parse.quote(trigger.token, safe="")
        answer = self._call(
            f"pipeline_schedules/{trigger.schedule_id}/pipeline_runs/{token}",
            {"pipeline_run": {"variables": variables}},
        )
        try:
            return int(answer["pipeline_run"]["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise DeliveryError("Mage's answer names no pipeline run") from error

    def find_run(self, trigger: Trigger, request_id: str) -> int | None:
        """Return the run that was started for a request (before a crash, say), or None."""
        answer = self._call(f"pipeline_schedules/{trigger.schedule_id}/pipeline_runs?_limit=100")
        for run in answer.get("pipeline_runs") or ():
            if (run.get("variables") or {}).get("request_id") == request_id:
                return int(run["id"])
        return None

    def status(self, run_id: int) -> str:
        """Return Mage's word for how a run stands."""
        return str(self._call(f"pipeline_runs/{run_id}")["pipeline_run"].get("status", ""))
