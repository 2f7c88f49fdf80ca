"""One table of linters: every file kind has its row, and .ci/quality runs rows side by side over the whole tree."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infrastructure.support.plans import LINT_PYTHON, REPOSITORY

TABLE = REPOSITORY / ".pre-commit-config.yaml"
QUALITY = REPOSITORY / ".ci" / "quality"
PACKAGES = ("contract", "inference", "orchestrator", "monitoring", "infrastructure", "localcloud")
needs_linters = pytest.mark.skipif(not LINT_PYTHON.exists(), reason="no .venv-lint")


def rows() -> dict[str, dict[str, Any]]:
    """Return the table by the linters' names."""
    repositories = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    return {row["id"]: row for row in repositories[0]["hooks"]}


def test_every_row_runs_from_the_projects_environments() -> None:
    for name, row in rows().items():
        assert row["language"] == "system", name
        assert row["entry"].startswith((".venv/bin/", ".venv-lint/bin/", ".ci/")), name
        assert "files" in row or "types" in row, name


def test_python_is_linted_wherever_it_is() -> None:
    """Rows on Python name no folder, so that a new package cannot be forgotten."""
    for name in ("black", "isort", "pylint", "mypy", "import-linter"):
        assert rows()[name]["types"] == ["python"] and "files" not in rows()[name]


@pytest.mark.parametrize("package", PACKAGES)
def test_settings_name_every_package(package: str) -> None:
    """What mypy and import-linter look at stands in pyproject.toml."""
    settings = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    for key in ("files", "root_packages", "known_first_party"):
        listed = re.search(rf"^{key} = \[(.*)\]$", settings, re.MULTILINE)
        assert listed and re.search(rf'"{package}["/]', listed[1]), key


def test_continuous_integration_reads_the_same_table() -> None:
    workflow = (REPOSITORY / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert "run: make quality" in workflow and "make quality" in (QUALITY.parent / "run").read_text(
        encoding="utf-8"
    )
    assert "\t@.venv-lint/bin/python .ci/quality" in makefile


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """A repository with no commit and no hook, one ignored file and a table of its own."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    for name in ("good.py", "ignored.py", "notes.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    return tmp_path


def quality(tree: Path, table: str, *names: str) -> subprocess.CompletedProcess[str]:
    """Run .ci/quality in a tree with these rows."""
    (tree / TABLE.name).write_text(f"repos: [{{repo: local, hooks: [{table}]}}]", encoding="utf-8")
    command = [str(LINT_PYTHON), str(QUALITY), *names]
    return subprocess.run(command, cwd=tree, text=True, capture_output=True, check=False)


def said(lines: list[str], name: str) -> str:
    """Return the first line that a failed linter said."""
    row = next(number for number, line in enumerate(lines) if line.startswith(f"FAILED  {name} "))
    return lines[row + 1].strip()


@needs_linters
def test_files_not_committed_are_linted_and_ignored_ones_are_not(tree: Path) -> None:
    done = quality(tree, "{id: show, entry: 'false', types: [python]}")
    assert done.returncode == 1 and re.match(r"FAILED  show +0s", done.stdout)
    done = quality(tree, "{id: show, entry: sh -c 'echo $0 $@; exit 3', types: [python]}")
    assert done.stdout.splitlines()[1:] == ["        good.py"]


@needs_linters
def test_a_row_chooses_its_files_by_name_or_takes_none(tree: Path) -> None:
    say = "entry: sh -c 'echo $# $0 $@; exit 1'"
    table = (
        f"{{id: a, {say}, files: ^notes}}, "
        f"{{id: b, {say}, pass_filenames: false}}, "
        f"{{id: c, {say}, files: nowhere}}"
    )
    done = quality(tree, table)
    lines = done.stdout.splitlines()
    assert len([line for line in lines if line.startswith("ok")]) == 1
    assert said(lines, "a") == "0 notes.txt"
    assert said(lines, "b") == "0 sh"


@needs_linters
def test_rows_run_side_by_side(tree: Path) -> None:
    table = ", ".join(f"{{id: s{number}, entry: sleep 1, files: nothing}}" for number in range(8))
    table = table.replace("files: nothing", "pass_filenames: false")
    started = time.monotonic()
    done = quality(tree, table)
    assert done.returncode == 0 and time.monotonic() - started < 6
    assert done.stdout.count("ok ") == 8


@needs_linters
def test_one_row_can_be_run_alone_and_an_unknown_one_is_refused(tree: Path) -> None:
    table = "{id: good, entry: 'true'}, {id: bad, entry: 'false'}, {id: gone, entry: ./none}"
    assert quality(tree, table, "good").returncode == 0
    assert quality(tree, table, "good", "bad").returncode == 1
    assert "make setup-lint" in quality(tree, table, "gone").stdout
    refused = quality(tree, table, "nothing")
    assert refused.returncode == 2 and "known: good, bad, gone" in refused.stderr
