"""The headless entry: refusals before any work, Mage's output sorted, exit codes, blocks, server."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator import run
from orchestrator.training.errors import PipelineError
from orchestrator.training.progress import Progress, tell
from orchestrator.training.variables import Variables

PROJECT = run.PROJECT
FOLDERS = {
    "data_loader": "data_loaders",
    "transformer": "transformers",
    "data_exporter": "data_exporters",
}
OUTCOME: dict[str, Any] = {
    "promoted": False,
    "candidate": "gpa_gaussian",
    "champion_before": "6",
    "version": None,
    "reasons": ["Worse by more than a standard error."],
    "data": "simulator",
    "metrics": {"f1_macro": 0.6, "accuracy": 0.7, "log_loss": 0.7},
}


@pytest.mark.parametrize(
    "arguments", [["--seed", "x"], ["--trials", "0"], ["--repeats", "-1"], ["--request-id", "a b"]]
)
def test_a_refused_variable_exits_with_two(arguments: list[str], capsys: Any) -> None:
    """Nothing starts, the variable is named."""
    assert run.main(arguments) == 2
    assert "training.variable: " in capsys.readouterr().err


def test_reports(capsys: Any) -> None:
    """A refusal is a result; asked for, it is an exit code; simulated data are pointed out."""
    assert run.report(OUTCOME) == 0
    assert run.report(OUTCOME, require_promotion=True) == 3
    shown = capsys.readouterr().out
    assert "champion stays version 6" in shown and "simulated students" in shown
    assert run.report(OUTCOME | {"promoted": True, "version": "7"}, True) == 0
    assert "Promoted: version 7" in capsys.readouterr().out


def fake_mage(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a ``mage`` beside a pretended interpreter."""
    script, program = folder / "mage", folder / "mage.py"
    program.write_text(body, encoding="utf-8")
    # Not the interpreter's own path behind #!, which may be longer than the kernel reads.
    script.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{program}'\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(run.sys, "executable", str(folder / "python"))


def test_output_is_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Marked lines are shown, the rest goes to the log, and a failure shows the log's end."""
    body = "print('noise'); print('\\u00bb told'); print('\\u00bb\\u00bb 3/4'); raise SystemExit(1)"
    fake_mage(tmp_path, body, monkeypatch)
    log = tmp_path / "log"
    env = dict(os.environ, PYTHONIOENCODING="utf-8")
    with pytest.raises(PipelineError, match="(?s)data_processing failed.*noise.*The whole output"):
        run.run_pipeline("data_processing", Variables(), env, log)
    assert capsys.readouterr().out.strip() == "told"
    assert "noise" in log.read_text(encoding="utf-8")


def test_an_interrupt_stops_the_whole_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends Mage and whatever it started."""
    body = "import subprocess,sys; c=subprocess.Popen(['sleep','600']); print(c.pid,flush=True); c.wait()"
    fake_mage(tmp_path, body, monkeypatch)
    seen: list[int] = []

    def interrupted(output: Any, _log: Path) -> None:
        seen.append(int(output.readline()))
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "relay", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.run_pipeline("data_processing", Variables(), dict(os.environ), tmp_path / "log")
    deadline = time.monotonic() + 60
    while runs(seen[0]):
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Tell whether a process is there and not merely waiting to be collected (Linux)."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_mage_keeps_the_tree_clean(tmp_path: Path) -> None:
    """Mage's files go to MAGE_DATA_DIR if it is set, else to the given folder."""
    assert run.environment(tmp_path, {})["MAGE_DATA_DIR"] == str(tmp_path)
    chosen = run.environment(tmp_path, {"MAGE_DATA_DIR": "/elsewhere", "PYTHONPATH": "/mine"})
    assert chosen["MAGE_DATA_DIR"] == "/elsewhere"
    assert chosen["PYTHONPATH"].split(os.pathsep) == [str(run.ROOT), "/mine"]


def test_narration(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Every line is marked; progress is printed only for a reader that asked."""
    tell("a\nb")
    Progress(2).step()
    monkeypatch.setenv("TRAINING_PROGRESS", "1")
    progress = Progress(2)
    progress.step()
    assert capsys.readouterr().out.splitlines() == ["\u00bb a", "\u00bb b", "\u00bb\u00bb 1/2"]


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


def test_a_queued_job_is_never_lost() -> None:
    """Mage's queue, repaired: a job taken but not yet running still counts, and its pool comes back."""
    code = """
import time
from orchestrator import server
from mage_ai.orchestration.queue.config import QueueConfig
from mage_ai.orchestration.queue.process_queue import ProcessQueue

class Watched(ProcessQueue):
    pools = 0
    def start_worker_pool(self):
        Watched.pools += 1

server.repair(Watched)
queue = Watched(QueueConfig())
queue.start()
queue.enqueue("job", print)
time.sleep(.2)
assert queue.has_job("job") and Watched.pools >= 1
queue.queue.get()
pools = Watched.pools
assert queue.has_job("job"), "taken by a worker that has not said so yet"
queue.clean_up_jobs()
assert queue.job_dict["job"] == "queued"
assert Watched.pools > pools, "the pool had gone"
server.START_SECONDS = 0
assert not queue.has_job("job"), "its worker is dead"
queue.job_dict["job"] = "completed"
assert not queue.has_job("job") and not queue.has_job("other")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=run.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert multiprocessing.active_children() == []
