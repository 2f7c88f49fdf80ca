"""Versions as a source environment published them."""

from __future__ import annotations

from collections.abc import Mapping

from contract.bundle import parse_manifest
from orchestrator.training.data.students import Students
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.release.bundles import Facts, make_manifest
from orchestrator.training.release.parcel import Parcel
from orchestrator.training.release.publication import Bundle

MODEL = "student-performance"


def version(
    students: Students,
    number: str,
    alpha: float = 0.0,
    score: float = 0.65,
    gate: Mapping[str, object] | None = None,
    name: str = MODEL,
) -> Bundle:
    """Return a published version; ``alpha`` tells its model from another's."""
    model = GaussianGpa(alpha).fit(students.features, students.grades, students.gpa).to_onnx()
    promoted = {"promoted": True, "reasons": ["a test"]} if gate is None else gate
    facts = Facts(name, f"run-{number}", {"f1_macro": score}, promoted)
    data = make_manifest(model, number, facts, students.features)
    return Bundle(number, model, data, parse_manifest(data))


def parcel(students: Students, number: str, alpha: float = 0.0, origin: str = "local") -> Parcel:
    """Return such a version on its way."""
    return Parcel(origin, version(students, number, alpha))
