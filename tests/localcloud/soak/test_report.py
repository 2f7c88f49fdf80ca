"""What a person sees at the end of a soak."""

import io
import json
from pathlib import Path

from rich.console import Console

from localcloud.soak.books import Books
from localcloud.soak.report import Recovery, Report
from localcloud.soak.schedule import Step


def reported(folder: Path, *findings: str) -> tuple[str, dict]:
    """Return the text and the JSON of a run with these findings."""
    text = io.StringIO()
    books = Books(10, ("1",))
    books.ask([("id", "7")])
    report = Report(folder, 36, books, console=Console(file=text, width=80))
    report.begins(600)
    report.strikes(4, Step(4, "host-killed", 2, "promoted"))
    report.recoveries.append(Recovery(4, "predictions-resharded", "ingest-killed", 2, 1.25, None))
    report.findings.extend(findings)
    report.ends(610)
    return text.getvalue(), json.loads((folder / "soak.json").read_bytes())


def test_the_table_names_each_fault_whole_and_the_seed(tmp_path: Path) -> None:
    text, said = reported(tmp_path, "1 inputs have no [answer]")
    assert "SEED=36" in text and "host-killed, promoted meanwhile" in text
    assert "predictions-resharded" in text and "1.2 s" in text and "never" in text
    assert "1 inputs have no [answer]" in text and "exactly one answer" not in text
    assert said["findings"] == ["1 inputs have no [answer]"]
    assert (said["seed"], said["inputs"], said["answered"]) == (36, 1, 0)
    assert said["faults"][0]["stored"] is None


def test_success_is_said(tmp_path: Path) -> None:
    text, said = reported(tmp_path)
    assert "Every input has exactly one answer, stored once." in text
    assert not said["findings"]
