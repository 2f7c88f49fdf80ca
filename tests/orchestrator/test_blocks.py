"""Mage's pipelines and blocks: whole, thin, and calling the library."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator import run
from orchestrator.training.variables import Variables

PROJECT = run.PROJECT
FOLDERS = {
    "data_loader": "data_loaders",
    "transformer": "transformers",
    "data_exporter": "data_exporters",
}


def pipelines() -> dict[str, dict[str, Any]]:
    """Return every pipeline's metadata by name."""
    files = sorted(PROJECT.glob("pipelines/*/metadata.yaml"))
    return {file.parent.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}


@pytest.mark.parametrize("name", ["data_processing", "model_training", "retraining"])
def test_pipelines_are_whole(name: str) -> None:
    """Blocks have files, edges agree both ways, variables are accepted, one run at a time."""
    pipeline = pipelines()[name]
    blocks = {block["uuid"]: block for block in pipeline["blocks"]}
    for uuid, block in blocks.items():
        assert (PROJECT / FOLDERS[block["type"]] / f"{uuid}.py").exists()
        for upstream in block["upstream_blocks"]:
            assert uuid in blocks[upstream]["downstream_blocks"]
        for downstream in block["downstream_blocks"]:
            assert uuid in blocks[downstream]["upstream_blocks"]
    Variables.parse(pipeline["variables"])
    assert pipeline["run_pipeline_in_one_process"] is True
    assert pipeline["concurrency_config"]["pipeline_run_limit"] == 1
    triggers = yaml.safe_load((PROJECT / "pipelines" / name / "triggers.yaml").read_text())
    for trigger in triggers["triggers"]:
        assert trigger["last_enabled_at"] and "token" not in trigger
        assert trigger["schedule_type"] == "api" or trigger["envs"] == ["prod"]


def block_files() -> list[Path]:
    """Return every block's file."""
    files = [file for folder in FOLDERS.values() for file in (PROJECT / folder).glob("*.py")]
    return sorted(file for file in files if file.name != "__init__.py")


@pytest.mark.parametrize("path", block_files(), ids=lambda path: path.stem)
def test_blocks_call_the_library(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block hands its inputs to one step of the library and returns what that returns."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    kind = next(kind for kind, folder in FOLDERS.items() if folder == path.parent.name)
    vars(module)[kind] = vars(module)["test"] = lambda function: function
    spec.loader.exec_module(module)
    calls: list[tuple[Any, ...]] = []
    names = ("processing", "selection", "promotion", "assessment")
    library = next(vars(module)[name] for name in names if name in vars(module))
    for name, function in vars(library).items():
        if callable(function) and getattr(function, "__module__", "") == library.__name__:
            monkeypatch.setattr(library, name, lambda *given: calls.append(given) or "answer")
    block = vars(module)[path.stem]
    inputs = block.__code__.co_argcount
    assert block(*({"n": k} for k in range(inputs)), seed=9) == "answer"
    assert len(calls) == 1 and calls[0][:inputs] == tuple({"n": k} for k in range(inputs))
    assert all(given.seed == 9 for given in calls[0] if isinstance(given, Variables))
