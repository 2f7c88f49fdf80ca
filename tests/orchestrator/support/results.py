"""Results of a run, as later steps get them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.training.models.parity import Parity
from orchestrator.training.models.selection import Trained

_GOOD = Trained(
    candidate="gpa_gaussian",
    title="GPA-Gaussian",
    cv_f1_macro=0.64,
    parameters={"alpha": 0.1},
    trials=1,
    pruned=0,
    run_id="nested",
    parent_run_id="parent",
    problem="",
    validation={"f1_macro": 0.65, "log_loss": 0.66},
    parity=Parity(2392, 0, 2e-7, 3e-7),
    seconds=1.0,
    score=0.65,
    noise=0.0,
)


def trained_candidate(parent_run_id: str = "parent", **changes: Any) -> Trained:
    """Return a candidate that can be served, of the run ``parent_run_id``."""
    return replace(_GOOD, parent_run_id=parent_run_id, **changes)
