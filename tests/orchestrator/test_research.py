"""The research notebook runs on simulated students, and its committed outputs are small and clean."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "orchestrator" / "research.ipynb"
SIMULATED = """
from orchestrator.training.data import source
from orchestrator.training.data.simulator import simulate_students
students_of = source.Source(simulate_students(1200).astype(str), "simulator", "simulator")
source.load_source = lambda: students_of
"""


@pytest.mark.slow
def test_it_runs_where_the_real_file_is_absent() -> None:
    """Every cell runs on the simulator's students."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.insert(1, nbformat.v4.new_code_cell(SIMULATED))
    root = str(NOTEBOOK.parents[1])
    notebook.cells.insert(1, nbformat.v4.new_code_cell(f"import sys; sys.path.insert(0, {root!r})"))
    done = NotebookClient(notebook, timeout=800, kernel_name="python3").execute()
    shown = "".join(
        output.get("text", "") for cell in done.cells for output in cell.get("outputs", [])
    )
    assert "1200 students from simulator" in shown


def test_committed_outputs_are_small_and_clean() -> None:
    """Executed, without errors, without machine paths, under 300 kB."""
    text = NOTEBOOK.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs for cell in code)
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    assert len(text) < 300_000
    # Without the pictures, whose letters may spell anything.
    words = re.sub(r'"image/png": "[^"]*"', "", text)
    assert "image/png" not in words
    assert "/home/" not in words and f"{NOTEBOOK.parents[1]}/" not in words
