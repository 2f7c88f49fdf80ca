"""What of the gate can be asked again of a version that another environment made.

Its training rows stay where they are: parity is asked of the golden rows, the score is the
manifest's own. Where the target has rows of its own, both models answer them. A pure function.
"""

import numpy as np

from contract.bundle import Manifest
from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import grade_class
from contract.scores import Floats, f1_macro
from orchestrator.training.data.students import Students
from orchestrator.training.models.parity import MAX_DIFFERENCE, OnnxModel
from orchestrator.training.release.comparison import BOUND_QUANTILE, LOG_LOSS_MARGIN, compare
from orchestrator.training.release.gate import FLOOR_F1, Verdict
from orchestrator.training.release.publication import Bundle

SEED = 7
"""For the resampled error of f1-macro, which decides nothing here."""
MORE_ABSENCES = 5

Answers = tuple[Floats, Floats]
Rule = tuple[bool, str]


def inspect(bundle: Bundle, rows: Students | None, champion: Bundle | None) -> Verdict:
    """Return the verdict; every rule is applied and every reason given.

    Raises ConversionError if a model cannot be run at all.
    """
    model = OnnxModel(bundle.model)
    golden = np.array(bundle.manifest.golden.rows, dtype=np.float64).reshape(-1, len(FEATURES))
    answers = model.predict(golden)
    rules = [
        _gate(bundle.manifest),
        _same_answers(bundle.manifest, answers),
        _floor(bundle.manifest),
        _absences(model, golden, answers),
        _agreement(answers),
    ]
    if rows is not None and len(rows):
        ours = model.predict(rows.features)
        theirs = OnnxModel(champion.model).predict(rows.features) if champion else None
        rules.append(_on_rows(rows, ours, theirs))
    before = champion.version if champion else None
    return Verdict(all(good for good, _ in rules), [reason for _, reason in rules], before)


def _gate(manifest: Manifest) -> Rule:
    good = manifest.gate.get("promoted") is True
    return good, f"The gate of its own environment {'promoted' if good else 'did not promote'} it."


def _same_answers(manifest: Manifest, answers: Answers) -> Rule:
    wanted, gpa = np.array(manifest.golden.probabilities), np.array(manifest.golden.gpa)
    if gpa.size == 0 or wanted.shape != answers[0].shape or gpa.shape != answers[1].shape:
        return False, "It has no golden rows that its model could answer."
    largest = float(max(np.abs(answers[0] - wanted).max(), np.abs(answers[1] - gpa).max()))
    good = largest <= MAX_DIFFERENCE
    word = "reproduced" if good else "not reproduced"
    return good, (
        f"Its {len(gpa)} golden rows are {word} here: |dp| and |dGPA| up to {largest:.1e} "
        f"(accepted {MAX_DIFFERENCE:.0e})."
    )


def _floor(manifest: Manifest) -> Rule:
    score = manifest.metrics.get("f1_macro")
    if score is None:
        return False, "Its manifest states no f1-macro."
    good = bool(score >= FLOOR_F1)
    word = "reaches" if good else "misses"
    return good, f"Its own f1-macro {score:.3f} {word} the floor {FLOOR_F1:.2f}."


def _absences(model: OnnxModel, golden: Floats, answers: Answers) -> Rule:
    if golden.size == 0:
        return False, "Without golden rows nothing can be said of more absences."
    more = golden.copy()
    more[:, FEATURE_NAMES.index("Absences")] += MORE_ABSENCES
    change = float((model.predict(more)[1] - answers[1]).mean())
    good = change <= 0
    return good, f"{MORE_ABSENCES} more absences change the mean GPA by {change:+.2f}."


def _agreement(answers: Answers) -> Rule:
    apart = np.abs(answers[0].argmax(axis=1) - grade_class(answers[1]))
    worst = int(apart.max()) if len(apart) else len(apart)
    good = worst <= 1
    return good, f"The likely grade and the GPA of one answer are at most {worst} grades apart."


def _on_rows(rows: Students, ours: Answers, theirs: Answers | None) -> Rule:
    score = f1_macro(rows.grades, ours[0])
    if theirs is None:
        good = bool(score >= FLOOR_F1)
        word = "reaches" if good else "misses"
        return good, (
            f"f1-macro {score:.3f} on {len(rows)} test rows of this environment {word} the floor "
            f"{FLOOR_F1:.2f}; there is no champion to compare it with."
        )
    found = compare(rows, ours, theirs, SEED)
    gain = found.log_loss_gain
    # Only evidence refuses: a person has asked for this version.
    good = bool(gain.gain + BOUND_QUANTILE * gain.error >= -LOG_LOSS_MARGIN)
    word = "Not worse" if good else "Worse"
    return good, (
        f"{word} than the champion on {len(rows)} test rows of this environment:"
        f" {found.describe()}."
    )
