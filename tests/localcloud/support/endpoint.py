"""Hooks of the integration tests: which need AWS, which the emulator itself, and who served it.

``-m aws`` selects every test that an AWS endpoint takes part in. With AWS_ENDPOINT_URL those that
need the embedded emulator (its process, its state) are left out, and no other one may start it.
"""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from localcloud.services.emulator import Emulator
from localcloud.services.mailbox import identify

GIVEN = os.environ.get("AWS_ENDPOINT_URL")
_MET = pytest.StashKey[str]()
_LEFT_OUT = pytest.StashKey[int]()


def met(config: pytest.Config, endpoint: str) -> None:
    """Note who serves the run's endpoint."""
    whose = f"at {GIVEN}, as given" if GIVEN else "started by this run"
    config.stash[_MET] = f"{identify(endpoint)}, {whose}"


def _refuse(*_: object) -> NoReturn:
    raise AssertionError(f"starts an emulator although {GIVEN} is given: use it, or mark embedded")


if GIVEN:
    # A test that started one would test another server than the one it was told to, silently.
    setattr(Emulator, "build", _refuse)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses the endpoint; leave out what cannot use a given one."""
    for item in items:
        if {"aws", "local_stack"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("aws")
    left_out = [item for item in items if GIVEN and item.get_closest_marker("embedded")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    config.stash[_LEFT_OUT] = len(left_out)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Close with what was left out because of a given endpoint, and with the server that was met."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if number := session.config.stash.get(_LEFT_OUT, 0):
        reporter.write_line(
            f"{number} tests that need the embedded emulator itself were left out: {GIVEN} is given"
        )
    reporter.write_line(f"AWS: {session.config.stash.get(_MET, 'no endpoint took part')}")
