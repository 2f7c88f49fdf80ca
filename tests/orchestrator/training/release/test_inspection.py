"""What is asked again of a version from elsewhere: each rule refuses what it is there for."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from contract.bundle import GoldenRows, Manifest, parse_manifest
from orchestrator.training.data.students import Students
from orchestrator.training.models.gaussian import GaussianGpa
from orchestrator.training.models.parity import OnnxModel
from orchestrator.training.release.bundles import Facts, make_manifest
from orchestrator.training.release.inspection import inspect
from orchestrator.training.release.publication import Bundle
from tests.orchestrator.support import versions


@pytest.fixture(name="good", scope="module")
def _good(students: Students) -> Bundle:
    return versions.version(students, "1")


def changed(bundle: Bundle, **fields: Any) -> Bundle:
    """Return the version with another manifest."""
    manifest: Manifest = msgspec.structs.replace(bundle.manifest, **fields)
    return Bundle(bundle.version, bundle.model, msgspec.json.encode(manifest), manifest)


def turned(students: Students) -> Bundle:
    """A model that learnt from students whose absences help."""
    features = students.features.copy()
    features[:, 2] = features[:, 2].max() - features[:, 2]
    model = GaussianGpa().fit(features, students.grades, students.gpa).to_onnx()
    facts = Facts(versions.MODEL, "run", {"f1_macro": 0.65}, {"promoted": True})
    data = make_manifest(model, "1", facts, students.features)
    return Bundle("1", model, data, parse_manifest(data))


def test_a_good_version_passes_in_words(good: Bundle, students: Students) -> None:
    alone = inspect(good, None, None)
    assert alone.promoted and len(alone.reasons) == 5
    with_rows = inspect(good, students, None)
    assert with_rows.promoted and "no champion to compare" in with_rows.reasons[-1]
    beside = inspect(good, students, versions.version(students, "7", 1.0))
    assert beside.promoted and beside.champion_before == "7"
    assert "Not worse than the champion on 1200 test rows" in beside.reasons[-1]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"gate": {"promoted": False}}, "did not promote"),
        ({"gate": {}}, "did not promote"),
        ({"metrics": {"f1_macro": 0.41}}, "misses the floor"),
        ({"metrics": {}}, "states no f1-macro"),
        ({"golden": GoldenRows([], [], [])}, "no golden rows"),
    ],
)
def test_what_the_manifest_says_is_judged(good: Bundle, fields: Any, words: str) -> None:
    verdict = inspect(changed(good, **fields), None, None)
    assert not verdict.promoted and any(words in reason for reason in verdict.reasons)


def test_golden_rows_must_be_reproduced_here(good: Bundle) -> None:
    golden = good.manifest.golden
    off = GoldenRows(golden.rows, golden.probabilities, [gpa + 2e-4 for gpa in golden.gpa])
    verdict = inspect(changed(good, golden=off), None, None)
    assert not verdict.promoted and "not reproduced here" in verdict.reasons[1]


def test_absences_that_help_make_no_sense(students: Students) -> None:
    verdict = inspect(turned(students), None, None)
    assert not verdict.promoted
    assert any("5 more absences change the mean GPA by +" in r for r in verdict.reasons)


def test_worse_on_this_environment_s_rows_is_refused(good: Bundle, students: Students) -> None:
    shuffled = students.features[np.random.default_rng(1).permutation(len(students))]
    model = GaussianGpa().fit(shuffled, students.grades, students.gpa).to_onnx()
    poor = Bundle("9", model, good.manifest_data, good.manifest)
    verdict = inspect(poor, students, good)
    assert not verdict.promoted and verdict.reasons[-1].startswith("Worse than the champion")
    assert "misses the floor" in inspect(poor, students, None).reasons[-1]


def test_grade_and_gpa_of_one_answer_agree(good: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPA a point and a half above its grade, golden rows and all."""
    plain = OnnxModel.predict
    monkeypatch.setattr(
        OnnxModel, "predict", lambda self, x: (plain(self, x)[0], plain(self, x)[1] + 1.5)
    )
    golden = good.manifest.golden
    off = GoldenRows(golden.rows, golden.probabilities, [gpa + 1.5 for gpa in golden.gpa])
    verdict = inspect(changed(good, golden=off), None, None)
    assert not verdict.promoted and "reproduced here" in verdict.reasons[1]
    assert "not reproduced" not in verdict.reasons[1] and "+" not in verdict.reasons[3]
