"""The lasting split: about 70 % train, 15 % validation, 15 % test, by a keyed draw of the student.

Each student has one draw for good, so new rows never move old ones. Rows of one student and rows
with equal features form a group, which takes the highest draw of its students: a group may become
held out when a copy appears under another id, but what was judged never turns into training.
Newly labelled rows follow the same draws; their held-out part is called ``recent``.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from contract.features import FEATURE_NAMES, IDENTIFIER
from contract.grades import TARGET
from contract.pseudonym import student_key
from orchestrator.training.data.pseudonym import Pseudonyms
from orchestrator.training.data.students import GROUP, RECENT_FLAG

SPLIT = "split"
TRAIN, VALIDATION, TEST, RECENT = "train", "validation", "test", "recent"
TRAIN_SHARE = 0.70
VALIDATION_SHARE = 0.15


def split_students(frame: pd.DataFrame, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Return ``frame`` with ``split`` and ``group``, and a pseudonym for each student's id.

    ``recent`` marks newly labelled rows, as training or RECENT; where it is missing none is.
    """
    students, member = np.unique(
        frame[IDENTIFIER].map(student_key).to_numpy(dtype=str), return_inverse=True
    )
    group = _groups(member, frame)
    draws = np.array([pseudonyms.draw(student) for student in students])
    highest = np.zeros(group.max() + 1)
    np.maximum.at(highest, group, draws[member])
    drawn = highest[group]
    recent = np.zeros(len(frame), dtype=bool)
    if RECENT_FLAG in frame:
        recent = frame[RECENT_FLAG].to_numpy(dtype=bool)
    names = np.where(drawn < TRAIN_SHARE + VALIDATION_SHARE, VALIDATION, TEST).astype(object)
    names[recent] = RECENT
    names[drawn < TRAIN_SHARE] = TRAIN
    called = np.array([pseudonyms.name(student) for student in students])[member]
    return frame.assign(**{IDENTIFIER: called, SPLIT: names, RECENT_FLAG: recent, GROUP: group})


def duplicates(frame: pd.DataFrame) -> int:
    """Return how many rows repeat an earlier student's features and grade under another id."""
    rows = _features(frame).assign(grade=frame[TARGET].to_numpy())
    named = rows.assign(student=frame[IDENTIFIER].map(student_key).to_numpy())
    return int((rows.duplicated() & ~named.duplicated()).sum())


def _groups(member: NDArray[np.intp], frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return the group (n,) of each row: students and equal features, and what these connect."""
    alike = _features(frame).groupby(list(FEATURE_NAMES), sort=False).ngroup().to_numpy()
    size = int(member.max()) + int(alike.max()) + 2
    links = coo_array(
        (np.ones(len(member)), (member, int(member.max()) + 1 + alike)), shape=(size, size)
    )
    groups: NDArray[np.int64] = connected_components(links, directed=False)[1].astype(np.int64)
    return groups[member]


def _features(frame: pd.DataFrame) -> pd.DataFrame:
    # The stream's database keeps float32.
    return frame[list(FEATURE_NAMES)].astype(np.float32).reset_index(drop=True)
