"""The headless entry: refusals before any work, Mage's output sorted, exit codes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator import run
from orchestrator.training.errors import PipelineError
from orchestrator.training.variables import Variables

OUTCOME: dict[str, Any] = {
    "decision": "refused",
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
    assert run.report(OUTCOME | {"decision": "unchanged"}, True) == 3
    assert "Unchanged: gpa_gaussian; champion stays version 6" in capsys.readouterr().out
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
