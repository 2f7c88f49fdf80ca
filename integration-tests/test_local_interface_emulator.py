"""The stand-in for AWS's runtime interface emulator, over its one call."""

from __future__ import annotations

import base64
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.configuration import REPOSITORY
from localcloud.lambda_host.interface_emulator import PATH
from localcloud.ports import free_port
from localcloud.process import Process
from localcloud.service import base_environment
from tests.localcloud.support.deployment import eventually
from tests.localcloud.support.processes import is_listening

HANDLERS = "tests.localcloud.support.handlers"


class Emulator:
    """The running emulator."""

    def __init__(self, handler: str, log: Path) -> None:
        self.port = free_port()
        variables = base_environment(
            RIE_BIND="127.0.0.1",
            RIE_PORT=str(self.port),
            AWS_LAMBDA_FUNCTION_TIMEOUT="2",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            PYTHONPATH=str(REPOSITORY),
        )
        module = "localcloud.lambda_host.interface_emulator"
        command = [sys.executable, "-m", module, f"{HANDLERS}.{handler}.lambda_handler"]
        self.process = Process("emulator", command, log=log, environment=variables, cwd=REPOSITORY)
        self.process.start()
        self.process.wait_ready(lambda: is_listening(self.port), 60)

    def post(self, *orders: bytes, path: str = PATH) -> dict[str, Any]:
        """Invoke with one record an order; return the answer."""
        records = [
            {
                "kinesis": {
                    "sequenceNumber": str(number),
                    "partitionKey": "a",
                    "data": base64.b64encode(order).decode(),
                }
            }
            for number, order in enumerate(orders, 1)
        ]
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, json.dumps({"Records": records}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            document: dict[str, Any] = json.load(answer)
            return document

    def ended(self) -> None:
        """Wait for the process's end, as a container's."""
        eventually(lambda: not self.process.alive)
        assert self.process.exit_code == 1


@pytest.fixture(name="emulate")
def emulate_fixture(tmp_path: Path) -> Iterator[Callable[[str], Emulator]]:
    """Start emulators; stopped at the end of the test."""
    started: list[Emulator] = []

    def emulate(handler: str) -> Emulator:
        started.append(Emulator(handler, tmp_path / "emulator.log"))
        return started[-1]

    yield emulate
    for each in started:
        each.process.stop()


def test_answers_and_errors_are_documents(emulate: Callable[[str], Emulator]) -> None:
    """GIVEN a function WHEN it answers, raises and answers again
    THEN each is told by its document, and only the one path is served."""
    emulator = emulate("fragile")
    assert emulator.post(b"report") == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert emulator.post(b"raise")["errorType"] == "ValueError"
    assert emulator.post(b"garbage") == {"batchItemFailures": "garbage"}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        emulator.post(path="/elsewhere")
    assert emulator.process.alive


@pytest.mark.parametrize(
    ("handler", "order", "kind", "message"),
    [
        ("fragile", b"exit", "Runtime.ExitError", "Runtime exited"),
        ("fragile", b"sleep", "Sandbox.Timedout", "timed out after 2.00 s"),
        ("broken", b"", "RuntimeError", "told to fail at import"),
    ],
    ids=["crash", "timeout", "init"],
)
def test_a_lost_function_is_told_and_ends_the_container(
    emulate: Callable[[str], Emulator], handler: str, order: bytes, kind: str, message: str
) -> None:
    """GIVEN a function that exits, hangs or cannot be loaded WHEN it is invoked
    THEN the caller is told what became of it, and the process ends."""
    emulator = emulate(handler)
    answer = emulator.post(order)
    assert answer["errorType"] == kind and message in answer["errorMessage"]
    emulator.ended()
