"""Every module says what it makes, what it must be given and what it costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infrastructure.support.plans import INFRASTRUCTURE

MODULES = [*sorted((INFRASTRUCTURE / "modules").iterdir()), INFRASTRUCTURE / "bootstrap"]
PRICE = r"\d+\.\d\d+"


def variables(module: Path) -> dict[str, bool]:
    """Return a module's variables, and whether each must be given."""
    text = (module / "variables.tf").read_text(encoding="utf-8")
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    return {name: not re.search(r"^  default\b", body, re.MULTILINE) for name, body in blocks}


@pytest.fixture(name="module", params=MODULES, ids=lambda path: path.name)
def _module(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(name="readme")
def _readme(module: Path) -> str:
    return (module / "README.md").read_text(encoding="utf-8")


def test_it_is_a_page_and_no_more(module: Path, readme: str) -> None:
    lines = readme.splitlines()
    assert lines[0] == f"# {module.name}" and 7 <= len(lines) <= 24
    assert max(len(line) for line in lines) <= 100


def test_it_names_every_variable_that_must_be_given(module: Path, readme: str) -> None:
    named = set(re.findall(r"`(\w+)`", readme))
    required = {name for name, must in variables(module).items() if must}
    assert required and required - named == set()


def test_it_names_no_variable_that_is_not_there(module: Path, readme: str) -> None:
    """An input of its list is the module's."""
    inputs = " ".join(re.findall(r"^- (.*?)(?:: |$)", readme, re.MULTILINE))
    assert set(re.findall(r"`([a-z_]+)`", inputs)) <= set(variables(module))


def test_its_prices_are_those_of_the_whole(readme: str) -> None:
    """A price stands in infrastructure/README.md too, or is the sum of the others in the sentence."""
    known = set(re.findall(PRICE, (INFRASTRUCTURE / "README.md").read_text(encoding="utf-8")))
    cost = re.search(r"^Cost: (.*)", readme, re.MULTILINE | re.DOTALL)
    assert cost
    prices = re.findall(rf"\$({PRICE})", cost[1])
    total = [price for price in prices if price not in known]
    others = sum(float(price) for price in prices if price in known)
    assert all(float(price) == pytest.approx(others) for price in total)


def test_every_call_gives_what_must_be_given() -> None:
    """The lists above would pass for a module that nobody uses."""
    called = set()
    for path in INFRASTRUCTURE.rglob("*.tf"):
        called |= set(re.findall(r'source += "\.[./\w]*/(\w+)"', path.read_text(encoding="utf-8")))
    assert called == {module.name for module in MODULES} - {"bootstrap"}
