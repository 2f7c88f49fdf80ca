"""docs/claims.md: every guarantee of the documents has a test, and every test named there exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
CLAIMS = (REPOSITORY / "docs" / "claims.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (\S+): (.+)\n((?:(?!^## ).*\n?)*)", CLAIMS, re.MULTILINE)
ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.MULTILINE)
PROMISES = {
    ("README.md", "Guarantees, each with tests"),
    ("SECURITY.md", "What is protected, and how"),
    ("SECURITY.md", "What to know"),
    ("inference/README.md", "What can go wrong, what happens, how one sees it"),
    ("localcloud/README.md", "How it is kept together"),
    ("localcloud/README.md", "The Lambda host is a stand-in, never deployed"),
    ("monitoring/README.md", "What it guarantees"),
    ("orchestrator/README.md", "How it decides"),
}
"""Sections that promise something: all of their table rows, else all items of their lists.

Where the heading says guarantee, each sentence of an item counts by itself."""


def claims(document: str, heading: str) -> list[str]:
    """Return what a section promises: rows, else items, else sentences (see PROMISES)."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert section, f"{document} has no section {heading!r}"
    if rows := re.findall(r"^\| (.+?) \| .*\|$", section[1], re.MULTILINE)[1:]:
        return [plain(row) for row in rows]
    items = re.findall(r"^(?:-|\d+\.) +(.+(?:\n +\S.*)*)", section[1], re.MULTILINE)
    if "uarantee" not in heading:
        return [plain(item) for item in items]
    return [s for item in items for s in re.split(r"(?<=[a-z0-9)`N]\.) (?=[A-Z0-9])", plain(item))]


def plain(text: str) -> str:
    """Return one line without emphasis."""
    return " ".join(text.replace("**", "").split())


@cache
def defined(path: str) -> frozenset[str]:
    """Return the test functions of a file."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def test_every_section_that_promises_is_traced() -> None:
    assert {(document, heading) for document, heading, _ in SECTIONS} == PROMISES


@pytest.mark.parametrize(("document", "heading", "body"), SECTIONS, ids=lambda value: value[:24])
def test_every_claim_has_a_test_that_exists(document: str, heading: str, body: str) -> None:
    rows = [(plain(start), tests) for start, tests in ROW.findall(body)][1:]
    for claim in claims(document, heading):
        met = [start for start, _ in rows if claim.startswith(start)]
        assert len(met) == 1, f"{document}: {claim}: {met or 'no test is named'}"
    for start, tests in rows:
        assert any(claim.startswith(start) for claim in claims(document, heading)), start
        named = re.findall(r"`([\w./-]+\.py)::(\w+)`", tests)
        assert named, start
        for path, name in named:
            assert (REPOSITORY / path).is_file(), path
            assert name.startswith("test_") and name in defined(path), f"{path}::{name}"
