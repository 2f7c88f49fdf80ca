"""What the supervisor does about a service that ends, or does not come back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.errors import ProvisionFailed
from localcloud.state_file import read_state_file, read_variables
from localcloud.supervisor import Supervisor


class FakeService:
    """A service that is its own process: it runs until it is killed or stopped."""

    name, url, log, note, pid, exit_code = "emulator", "http://127.0.0.1:9", Path("x"), "", 1, -9

    def __init__(self) -> None:
        self.alive = True
        self.process = self

    def stop(self) -> None:
        """End."""
        self.alive = False


class FakeStack:
    """A stack of one service; each way of bringing it up comes from ``fates``, then all is well."""

    def __init__(self, state: Path, *fates: BaseException) -> None:
        self.state, self.service, self.fates = state, FakeService(), list(fates)
        self.services = {"emulator": self.service}
        self.environment = {"AWS_ENDPOINT_URL": self.service.url}
        self.on_ready: Callable[[Any], None] = lambda _: None
        self.brought_up = 0
        self.stopped = False

    def acquire(self) -> FakeStack:
        """Own nothing."""
        return self

    def keep(self) -> None:
        """Hold nothing."""

    def start(self) -> None:
        """Start, and let the service die at once."""
        self.service.alive = False

    def bring_up(self, service: FakeService) -> None:
        """Run the process; then whatever fate says, else be ready and have the stack stopped."""
        self.brought_up += 1
        service.alive = True
        if self.fates:
            raise self.fates.pop(0)
        self.on_ready(service)
        os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Stop."""
        self.stopped = True


def restarts(supervisor: Supervisor) -> int:
    """Return how often the supervisor has started the emulator again."""
    return supervisor._entries["emulator"].restarts  # pylint: disable=protected-access


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait for nothing, and give the signals back."""
    monkeypatch.setattr("localcloud.supervisor._CHECK_SECONDS", 0.0)
    monkeypatch.setattr("localcloud.supervisor._LONGEST_PAUSE", 0.0)
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_failed_restart_is_counted_and_tried_again(tmp_path: Path) -> None:
    """GIVEN an emulator that dies again while it is provisioned WHEN revived THEN it is stopped,
    counted and brought up once more, and the stack lives on.
    """
    stack: Any = FakeStack(tmp_path, ProvisionFailed("away"), OSError("no more processes"))
    supervisor = Supervisor(stack)
    assert supervisor.run() == 0
    assert stack.brought_up == 3
    assert restarts(supervisor) == 3


def test_a_service_that_never_comes_back_is_left_and_the_stack_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a start that always fails WHEN its restarts are used up THEN its state says so."""
    monkeypatch.setattr("localcloud.supervisor._MAXIMUM_RESTARTS", 2)
    stack: Any = FakeStack(tmp_path, *[ProvisionFailed("away")] * 9)
    supervisor = Supervisor(stack)
    publish = supervisor._publish  # pylint: disable=protected-access
    notes: list[str] = []

    def observed() -> None:
        publish()
        recorded = read_state_file(tmp_path)
        assert recorded is not None
        if recorded.services[0].state == "stopped" and not notes:
            notes.append(recorded.services[0].note)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "_publish", observed)
    assert supervisor.run() == 0
    assert notes == ["crashed 3 times, see its log"]
    assert stack.brought_up == 2


@pytest.mark.parametrize("end", [ProvisionFailed("away"), RuntimeError("a bug"), SystemExit(3)])
def test_any_end_clears_the_variables(tmp_path: Path, end: BaseException) -> None:
    """GIVEN variables on disk WHEN the supervisor ends in any way THEN they are gone, all stopped."""
    stack: Any = FakeStack(tmp_path)

    def start() -> None:
        (tmp_path / "env").write_text("AWS_ENDPOINT_URL=http://127.0.0.1:9\n", encoding="utf-8")
        raise end

    stack.start = start
    supervisor = Supervisor(stack)
    if isinstance(end, ProvisionFailed):
        assert supervisor.run() == 1
    else:
        with pytest.raises(type(end)):
            supervisor.run()
    assert read_variables(tmp_path) is None and stack.stopped
