"""docs/failures.md: every component, every kind of fault, and tests that are there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from localcloud.soak.faults import FAULTS as FAULTS_OF_SOAK
from tests.infrastructure.support.plans import REPOSITORY

PAGE = (REPOSITORY / "docs" / "failures.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n\n((?:\|.*\n)+)", PAGE, re.MULTILINE))
FAULTS = ["down", "slow", "lying", "full"]
COMPONENTS = (
    *("Input stream", "Event source mapping", "Function", "Model bucket"),
    *("Pointer (`champion.json`)", "Output stream", "Failure queue", "Ingest", "Postgres"),
    *(
        "Worker",
        "Evidently",
        "Mail",
        "Mage",
        "MLflow",
        "Web service",
        "Client",
        "Emulator and supervisor",
    ),
    "Grafana",
)
NAMED = sorted(set(re.findall(r"`((?:integration-)?tests/[^`:]+\.py)::(\w+)`", PAGE)))


@cache
def functions(path: str) -> set[str]:
    """Return the tests a file defines."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {name for name in names if name.startswith("test_")}


def test_every_component_is_there() -> None:
    """Sections by name; one that is forgotten, or new, is seen."""
    assert sorted(SECTIONS) == sorted(COMPONENTS) == sorted(re.findall(r"^## (.+)$", PAGE, re.M))


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_fault_is_answered(component: str) -> None:
    """Each of the four has all its cells, and a test or the word that there is none."""
    _, _, *rows = SECTIONS[component].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == FAULTS
    for row in cells:
        assert len(row) == 5 and row[1] and row[2]
        assert "::" in row[4] or "soak: " in row[4] or "not shown" in row[4] or row[4] == "as down"


def test_every_fault_of_the_soak_is_in_its_place() -> None:
    """A fault that is renamed takes its row along, a new one needs one."""
    assert set(re.findall(r"soak: `([a-z-]+)`", PAGE)) == set(FAULTS_OF_SOAK) - {"promoted"}


def test_every_named_test_exists() -> None:
    """A test that is renamed takes its row along."""
    assert len(NAMED) > 60 and PAGE.count("::") == len(re.findall(r"\.py::\w+`", PAGE)) + 1
    missing = [f"{path}::{name}" for path, name in NAMED if name not in functions(path)]
    assert not missing
