"""Retraining through Mage's API: find the trigger by name, start a run, see how it stands.

Mage answers many errors with HTTP 200 and an "error" in the body, so the body decides. Where people
must sign in to Mage, the token is monitoring's password as well: its account may look at everything
and change nothing, and pulls a trigger by the token alone.
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from contract.environment import spare_loopback
from monitoring.errors import DeliveryError

_TIMEOUT: Final = 10.0
_ACCOUNT: Final = "monitoring@student-performance.local"
_CLIENT: Final = "zkWlN0PkIKSN0C11CfUHUj84OT5XOJ6tDZ6bDRO2"
"""What Mage calls its own page's API key: the same everywhere, and no secret."""

FAILED: Final = ("failed", "cancelled")
COMPLETED: Final = "completed"


class Trigger(NamedTuple):
    """An API trigger of a pipeline; its number is not stable, its name is."""

    schedule_id: int
    token: str


class Mage:
    """Mage's API at one address; an empty ``token`` means that nobody signs in there."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._session = ""

    def _call(self, path: str) -> dict[str, Any]:
        """Ask as monitoring's account; a session that has ended is opened anew, once."""
        known = bool(self._session)
        try:
            return self._send(path, headers=self._signed_in())
        except DeliveryError:
            if not known:
                raise
            self._session = ""
            return self._send(path, headers=self._signed_in())

    def _signed_in(self) -> dict[str, str]:
        if not self._token:
            return {}
        if not self._session:
            session = {"email": _ACCOUNT, "password": self._token}
            answer = self._send("sessions", {"session": session, "api_key": _CLIENT})
            try:
                self._session = str(answer["session"]["token"])
            except (KeyError, TypeError) as error:
                raise DeliveryError("Mage's answer holds no session") from error
        return {"X-API-KEY": _CLIENT, "Cookie": f"oauth_token={self._session}"}

    def _send(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        spare_loopback()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self._url}/api/{path}",
            data=data,
            headers={"Content-Type": "application/json"} | dict(headers or {}),
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
        return Trigger(int(trigger["id"]), self._token or str(trigger.get("token") or ""))

    def start(self, trigger: Trigger, variables: dict[str, Any]) -> int:
        """Start a run and return its number; the token is in no address, which logs would keep."""
        answer = self._send(
            f"pipeline_schedules/{trigger.schedule_id}/api_trigger",
            {"pipeline_run": {"variables": variables}},
            {"Authorization": f"Bearer {trigger.token}"},
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
