"""One execution environment, with a runtime client of the test's own: every way it can end."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from localcloud.lambda_host import instance as instances
from localcloud.lambda_host.instance import Instance

ARN = "arn:aws:lambda:us-east-1:000000000000:function:inference"
Talk = Callable[[http.client.HTTPConnection], int | None]


class Client:
    """A runtime client in a thread: ``talk`` speaks to the Runtime API and returns its exit code."""

    def __init__(self, talk: Talk) -> None:
        self.exit_code: int | None = None
        self.stopped = False
        self._talk = talk

    def __call__(self, _: list[str], variables: Mapping[str, str]) -> Client:
        api = http.client.HTTPConnection(variables["AWS_LAMBDA_RUNTIME_API"], timeout=60)
        threading.Thread(target=self._run, args=(api,), daemon=True).start()
        return self

    def _run(self, api: http.client.HTTPConnection) -> None:
        self.exit_code = self._talk(api)

    def stop(self) -> None:
        """End it."""
        self.stopped = True


def call(
    api: http.client.HTTPConnection, method: str, path: str, body: str = ""
) -> tuple[str, str]:
    """Make one call; return the request id, where one is told, and the body."""
    api.request(method, f"/2018-06-01/runtime/{path}", body)
    answer = api.getresponse()
    return answer.getheader("Lambda-Runtime-Aws-Request-Id", ""), answer.read().decode()


def answering(kind: str) -> Talk:
    """A client that answers one event with itself: as its response, or as its error."""

    def talk(api: http.client.HTTPConnection) -> int | None:  # pylint: disable=useless-return
        request_id, event = call(api, "GET", "invocation/next")
        call(api, "POST", f"invocation/{request_id}/{kind}", event)
        return None

    return talk


def failing_to_load(api: http.client.HTTPConnection) -> int:
    """A client whose function cannot be loaded."""
    call(api, "POST", "init/error", '{"errorType": "ImportError"}')
    return 1


def exiting(api: http.client.HTTPConnection) -> int:
    """A client that ends at its first event."""
    call(api, "GET", "invocation/next")
    return 3


def hanging(api: http.client.HTTPConnection) -> None:
    """A client that takes an event and never answers."""
    call(api, "GET", "invocation/next")


@pytest.fixture(name="start")
def start_fixture() -> Iterator[Callable[[Talk], tuple[Instance, Client]]]:
    """Start instances; closed at the end."""
    started: list[Instance] = []

    def start(talk: Talk, timeout: float = 60.0) -> tuple[Instance, Client]:
        client = Client(talk)
        started.append(Instance("package.module.handler", ARN, timeout, client))
        return started[-1], client

    yield start
    for each in started:
        each.close()


@pytest.mark.parametrize(("kind", "error"), [("response", None), ("error", "Handled")])
def test_answers(
    start: Callable[[Talk], tuple[Instance, Client]], kind: str, error: str | None
) -> None:
    """GIVEN a function that answers or raises WHEN invoked THEN that is the outcome, and it stays."""
    instance, client = start(answering(kind))
    outcome = instance.invoke(b'{"a": 1}')
    assert (outcome.payload, outcome.error) == (b'{"a": 1}', error)
    assert instance.usable and not client.stopped and instance.cold_start_seconds is not None


@pytest.mark.parametrize(
    ("talk", "kind", "message"),
    [
        (failing_to_load, "ImportError", ""),
        (exiting, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        (hanging, "Sandbox.Timedout", "Task timed out after 0.50 seconds"),
        (lambda _: 7, "Runtime.ExitError", "Runtime exited with error: exit status 7"),
    ],
)
def test_a_lost_function_is_told_and_closes(
    start: Callable[..., tuple[Instance, Client]], talk: Talk, kind: str, message: str
) -> None:
    """GIVEN each way to lose the function WHEN invoked THEN the outcome says which, and it closes."""
    instance, client = start(talk, 0.5)
    outcome = instance.invoke(b"{}")
    document = json.loads(outcome.payload)
    assert (outcome.error, document["errorType"]) == ("Unhandled", kind)
    assert message in document.get("errorMessage", "")
    assert client.stopped and outcome.request_id


def test_the_outcome_names_the_request_the_function_saw(
    start: Callable[..., tuple[Instance, Client]],
) -> None:
    """GIVEN a function that notes its request WHEN invoked THEN the outcome names the same."""
    seen: list[str] = []

    def talk(api: http.client.HTTPConnection) -> int | None:  # pylint: disable=useless-return
        request_id, event = call(api, "GET", "invocation/next")
        seen.append(request_id)
        call(api, "POST", f"invocation/{request_id}/error", event)
        return None

    assert [start(talk)[0].invoke(b"{}").request_id] == seen


def test_a_function_that_never_begins_times_out(
    start: Callable[..., tuple[Instance, Client]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a runtime client that asks for nothing WHEN invoked THEN its init times out."""
    monkeypatch.setattr(instances, "INIT_SECONDS", 0.2)
    outcome = start(lambda _: None, 0.2)[0].invoke(b"{}")
    assert "init timed out" in json.loads(outcome.payload)["errorMessage"]
