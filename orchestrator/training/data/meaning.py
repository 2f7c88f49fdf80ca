"""Do the labels mean what the contract says? Refused with words if another reading fits better."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

from contract.features import FEATURE_NAMES
from contract.grades import GRADES, TARGET, grade_class
from contract.scores import confusion
from orchestrator.training.data.students import Students
from orchestrator.training.errors import DataContractError

FEWEST = 50
"""Fewer rows show no coding."""
MOST_CONTRADICTIONS = 0.25
"""Share of grades that may part from their GPA: the real file has .07, random labels .80."""
GAIN = 0.10
"""Share of rows another coding must explain beyond the given one."""
SURE = 4.0
WEAKEST = 0.10
_ABSENCES = FEATURE_NAMES.index("Absences")


def check_meaning(students: Students, origin: str) -> None:
    """Raise DataContractError if GradeClass is coded otherwise or contradicts GPA or absences."""
    known = students.gpa_known
    if known.sum() >= FEWEST:
        _against_gpa(students.take(known), origin)
    if len(students) >= FEWEST:
        _against_absences(students, origin)


def _against_gpa(students: Students, origin: str) -> None:
    by_gpa = grade_class(students.gpa)
    table = confusion(by_gpa, students.grades)
    rows, columns = linear_sum_assignment(table, maximize=True)
    right, best = np.trace(table) / len(students), table[rows, columns].sum() / len(students)
    if best - right > GAIN:
        coding = ", ".join(f"{column} = {GRADES[row]}" for row, column in zip(rows, columns))
        given = ", ".join(f"{k} = {grade}" for k, grade in enumerate(GRADES))
        raise DataContractError(
            f"{origin}: column {TARGET} seems to be coded otherwise: {coding} fits the GPA of "
            f"{best:.0%} of the rows, the contract's {given} of {right:.0%}"
        )
    if 1 - right > MOST_CONTRADICTIONS:
        raise DataContractError(
            f"{origin}: {1 - right:.0%} of the grades contradict their GPA; accepted are "
            f"{MOST_CONTRADICTIONS:.0%}"
        )


def _against_absences(students: Students, origin: str) -> None:
    """More absences go with better grades nowhere: such labels are turned round."""
    absences = students.features[:, _ABSENCES]
    if np.ptp(absences) == 0 or np.ptp(students.grades) == 0:
        return
    together = float(spearmanr(absences, students.grades).statistic)
    if together < -max(WEAKEST, SURE / np.sqrt(len(students))):
        raise DataContractError(
            f"{origin}: students with more absences have the better {TARGET} (rank correlation "
            f"{-together:.2f}); is it coded 0 = {GRADES[-1]} .. {len(GRADES) - 1} = {GRADES[0]}?"
        )
