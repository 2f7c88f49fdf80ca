"""The lasting split: by student, never by order, and nobody on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestrator.training.data.pseudonym import Pseudonyms
from orchestrator.training.data.split import duplicates, split_students

PSEUDONYMS = Pseudonyms(b"a school's key")


def named(frame: pd.DataFrame, recent: bool = False) -> pd.DataFrame:
    """Return ``frame`` as the split gets it."""
    return frame.assign(recent=recent)


def test_about_seventy_fifteen_fifteen(frame: pd.DataFrame) -> None:
    """The shares and the grades' shares are right within chance; the same every time."""
    split = split_students(named(frame), PSEUDONYMS)
    pd.testing.assert_frame_equal(split, split_students(named(frame), PSEUDONYMS))
    assert len(split) == len(frame) and not set(split["StudentID"]) & set(
        map(str, frame["StudentID"])
    )
    shares = split["split"].value_counts(normalize=True)
    for name, share in (("train", 0.70), ("validation", 0.15), ("test", 0.15)):
        assert abs(shares[name] - share) < 4 * np.sqrt(share * (1 - share) / len(frame))
    # Never by file order: the noisy tail would end up in one split.
    assert split["split"].iloc[-100:].nunique() == 3
    other = split_students(named(frame), Pseudonyms(b"another school's key"))
    assert (other["split"] != split["split"]).mean() > 0.3


def test_new_rows_move_no_old_one(frame: pd.DataFrame) -> None:
    """GIVEN half the students WHEN the others come THEN each of the first stays where it was."""
    half = split_students(named(frame.head(600)), PSEUDONYMS)
    whole = split_students(named(frame), PSEUDONYMS)
    assert (whole["split"].to_numpy()[:600] == half["split"].to_numpy()).all()


def test_a_student_of_the_stream_stays_on_the_same_side(frame: pd.DataFrame) -> None:
    """GIVEN the file's students streamed and labelled THEN each follows its row of the file."""
    later = frame.assign(Absences=(frame["Absences"] + 1) % 30)
    both = split_students(pd.concat([named(frame), named(later, recent=True)]), PSEUDONYMS)
    names = both["split"].to_numpy()
    first, again = names[: len(frame)], names[len(frame) :]
    assert set(again) == {"train", "recent"}
    assert ((first == "train") == (again == "train")).all()
    assert (both["group"].to_numpy()[: len(frame)] == both["group"].to_numpy()[len(frame) :]).all()


def test_copies_under_new_ids_stay_on_one_side(frame: pd.DataFrame) -> None:
    """Equal features go together; what was held out before is held out still."""
    before = split_students(named(frame), PSEUDONYMS)["split"].to_numpy()
    renamed = frame.assign(StudentID=frame["StudentID"] + 90_000)
    together = pd.concat([named(frame), named(renamed, recent=True)])
    assert duplicates(named(frame)) == 0 and duplicates(together) == len(frame)
    names = split_students(together, PSEUDONYMS)["split"].to_numpy()
    first, again = names[: len(frame)], names[len(frame) :]
    assert ((first == "train") == (again == "train")).all()
    assert (first[before != "train"] != "train").all()
