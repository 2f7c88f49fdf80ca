"""The manifest: golden rows answered by the model itself, ranges, the contract."""

from __future__ import annotations

import numpy as np

from contract.bundle import parse_manifest, sha256_hex
from orchestrator.training.data.students import Students
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.release.bundles import (
    GOLDEN,
    Facts,
    golden_rows,
    make_manifest,
    year_absences,
)


def test_a_manifest_describes_its_model(students: Students) -> None:
    """The reader accepts it, and the golden rows are the model's own answers."""
    model = GaussianGpa().fit(students.features, students.grades, students.gpa).to_onnx()
    facts = Facts("m", "run", {"f1_macro": 0.65}, {"promoted": True})
    manifest = parse_manifest(make_manifest(model, "3", facts, students.features))
    assert manifest.sha256 == {"model.onnx": sha256_hex(model)} and manifest.version == "3"
    assert len(manifest.golden.rows) == GOLDEN
    probabilities, gpa = OnnxModel(model).predict(np.array(manifest.golden.rows))
    assert probabilities.tolist() == manifest.golden.probabilities
    assert gpa.tolist() == manifest.golden.gpa
    assert manifest.training_ranges["Absences"] == (0.0, 29.0)
    shares = np.array(manifest.absences)
    assert len(shares) == 30 and (shares > 0).all() and abs(shares.sum() - 1) < 1e-9
    assert year_absences(np.array([0.0, 2.0, 2.0])) == [1.5 / 4.5, 0.5 / 4.5, 2.5 / 4.5]


def test_golden_rows_are_no_students(students: Students) -> None:
    """A manifest outlives its students: rows within their ranges, spread, and none of theirs."""
    rows = golden_rows(students.features)
    assert rows.shape == (GOLDEN, 9) and len(np.unique(rows, axis=0)) == GOLDEN
    assert (rows >= students.features.min(axis=0)).all()
    assert (rows <= students.features.max(axis=0)).all()
    assert all(len(np.unique(column)) > 1 for column in rows.T)
    known = {tuple(row) for row in students.features.tolist()}
    assert not known & {tuple(row) for row in rows.tolist()}
