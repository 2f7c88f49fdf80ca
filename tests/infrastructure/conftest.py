"""Plans of every environment, made once per session."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.infrastructure.support.plans import (
    EVERY_SWITCH,
    LINT_PYTHON,
    Plan,
    bootstrap_plan,
    make_plan,
)


@pytest.fixture(scope="session", name="plan_of")
def _plan_of() -> Callable[..., Plan]:
    if not LINT_PYTHON.exists():
        pytest.skip("no .venv-lint (make setup-lint makes it): Terraform comes from there")
    return make_plan


@pytest.fixture(params=["local", "stg", "prod", "everything", "bootstrap"], name="plan")
def _plan(request: pytest.FixtureRequest, plan_of: Callable[..., Plan]) -> Plan:
    """The plan of each environment, one with every switch on, and the bootstrap root's."""
    if request.param == "everything":
        return plan_of("stg", *EVERY_SWITCH)
    if request.param == "bootstrap":
        return bootstrap_plan("stg")
    return plan_of(request.param)
