"""Sources, the data contract, label noise and the split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES, FEATURES
from contract.grades import grade_class
from orchestrator.training.data import source
from orchestrator.training.data.datasets import tables_of
from orchestrator.training.data.label_noise import inspect_labels
from orchestrator.training.data.reading import read_students
from orchestrator.training.data.scaling import describe_scaler, dump_scaler, fit_scaler
from orchestrator.training.data.simulator import COLUMNS, simulate_students
from orchestrator.training.data.split import split_labelled, split_students
from orchestrator.training.data.students import Students
from orchestrator.training.data.validation import RULES, check_students, describe, write_quarantine
from orchestrator.training.errors import DataContractError, SourceError

GOOD = simulate_students(400, seed=3)


def raw(**changes: Any) -> pd.DataFrame:
    """Return good rows as text, with row 7 (line 9) changed."""
    frame = GOOD.astype(str)
    for name, value in changes.items():
        frame.loc[7, name] = value
    return frame


def test_simulator_is_seeded_and_shaped_like_the_file() -> None:
    """Same seed, same rows; the real file's columns; labels follow GPA but in the tail."""
    assert list(GOOD.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(GOOD, simulate_students(400, seed=3))
    assert not GOOD.equals(simulate_students(400, seed=4))
    right = grade_class(GOOD["GPA"].to_numpy()) == GOOD["GradeClass"].to_numpy()
    assert right[:364].all() and not right[364:].all()
    assert simulate_students(50, noisy_tail=0)["GradeClass"].between(0, 4).all()


@given(st.floats(0, 4))
def test_vectorised_grades_are_the_contracts(gpa: float) -> None:
    """One rule for grades, here vectorised."""
    assert grade_class(np.array([gpa]))[0] == grade_class(gpa)


def test_good_rows_pass() -> None:
    """Good rows come out in order, whole columns as integers."""
    checked = check_students(raw(), "x.csv")
    assert len(checked.accepted) == 400 and not checked.problems
    assert checked.accepted["Absences"].dtype == np.int64


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Absences", "", "empty"),
        ("Absences", "many", "not a number"),
        ("Absences", "nan", "not a number"),
        ("StudyTimeWeekly", "inf", "not a number"),
        ("Absences", "366", "out of range"),
        ("StudyTimeWeekly", "-0.1", "out of range"),
        ("Tutoring", "0.5", "not whole"),
        ("GPA", "4.01", "out of range"),
        ("GradeClass", "5", "out of range"),
        ("StudentID", str(GOOD["StudentID"][0]), "earlier row"),
    ],
)
def test_a_bad_cell_is_named(column: str, value: str, reason: str) -> None:
    """File, line and column are named, the value is not repeated."""
    with pytest.raises(DataContractError, match=f"x.csv: line 9, column {column}: .*{reason}"):
        check_students(raw(**{column: value}), "x.csv")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(FEATURES),
    st.one_of(st.floats(allow_nan=True), st.integers(-(10**6), 10**6), st.text(max_size=5)),
)
def test_training_accepts_what_serving_accepts(feature: Any, value: Any) -> None:
    """A cell passes exactly if the contract's range and wholeness hold."""
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    fits = feature.minimum <= number <= feature.maximum
    fits = fits and (not feature.whole or number == int(number))
    checked = check_students(raw(**{feature.name: str(value)}), "x.csv", skip_bad_rows=True)
    assert len(checked.rejected) == (0 if fits else 1)


def test_skipped_rows_are_quarantined(tmp_path: Path) -> None:
    """Rejected rows go to a CSV, every reason with them; the others train."""
    checked = check_students(raw(Absences="x", Music="2"), "x.csv", skip_bad_rows=True)
    assert len(checked.accepted) == 399
    written = pd.read_csv(write_quarantine(checked.rejected, tmp_path / "new" / "bad.csv"))
    assert written["line"].tolist() == [9]
    assert "Absences: not a number" in written["reason"][0]
    assert "Music: out of range" in written["reason"][0]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (raw().drop(columns=["Music", "GPA"]), "missing column Music, GPA"),
        (raw().iloc[:0], "no rows"),
        (raw().iloc[:50], "100 are needed"),
        (raw()[GOOD["GradeClass"] != 0], "grade A has 0 rows"),
    ],
)
def test_what_cannot_be_skipped(frame: pd.DataFrame, message: str) -> None:
    """Missing columns and too few rows stop even with skip_bad_rows."""
    with pytest.raises(DataContractError, match=message):
        check_students(frame, "x.csv", skip_bad_rows=True)


def test_many_problems_are_summed_up() -> None:
    """Ten problems are shown, the rest counted."""
    frame = raw()
    frame["Music"] = "7"
    problems = check_students_problems(frame)
    assert "... and 390 more problems" in describe(problems, "x.csv")


def check_students_problems(frame: pd.DataFrame) -> list[Any]:
    """Return the problems of a frame that is too bad to train on."""
    good = raw()
    good["StudentID"] = (GOOD["StudentID"] + 5000).astype(str)
    return check_students(pd.concat([frame, good]), "x.csv", skip_bad_rows=True).problems


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b'a,b\n1,2,3,4\n1,2\n"x', "not a table"),
        (b"a,b\n\xff\xfe,1\n", "not UTF-8"),
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes, message: str) -> None:
    """What is no table of text says so."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DataContractError, match=message):
        read_students(path)


def test_lines_count_from_the_header(tmp_path: Path) -> None:
    """The first row is line 2; a byte order mark and spaces in the header do no harm."""
    path = tmp_path / "x.csv"
    path.write_text("\ufeffa , b\n1,2\n", encoding="utf-8")
    frame = read_students(path)
    assert frame.columns.tolist() == ["a", "b", "line"] and frame["line"].tolist() == [2]


def test_sources_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A named file, the folder's file, and at last the simulator with a loud notice."""
    monkeypatch.setenv(source.NO_DOWNLOAD, "off")
    with pytest.raises(SourceError, match="none.csv cannot be read"):
        source.load_source(str(tmp_path / "none.csv"), tmp_path)
    simulated = source.load_source("", tmp_path)
    assert simulated.kind == "simulator"
    assert "SIMULATED STUDENTS" in capsys.readouterr().out
    GOOD.to_csv(tmp_path / source.FILE_NAME, index=False)
    assert source.load_source("", tmp_path).kind == "file"
    named = source.load_source(str(tmp_path / source.FILE_NAME))
    assert (named.origin, len(named.frame)) == (source.FILE_NAME, 400)


def test_kaggle_is_tried_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the download delivers is read like a file."""
    GOOD.to_csv(tmp_path / source.FILE_NAME, index=False)
    monkeypatch.setattr(source, "download", lambda: tmp_path / source.FILE_NAME)
    assert source.load_source("", tmp_path / "empty").kind == "kaggle"


def test_a_download_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that does not answer is given up and its process ended."""
    monkeypatch.delenv(source.NO_DOWNLOAD, raising=False)
    with pytest.raises(SourceError, match="did not deliver within 0 s"):
        source.download(seconds=0.01)


def test_positional_noise_is_found() -> None:
    """The row where labels stop following GPA is found; nothing is dropped."""
    students = Students.from_frame(simulate_students(2392, seed=9))
    noise = inspect_labels(students.grades, students.gpa)
    assert noise.first_noisy_row is not None and abs(noise.first_noisy_row - 2176) <= 3
    assert noise.mismatch_before == 0 and noise.mismatch_after > 0.7
    assert noise.uniform_p_value is not None and noise.uniform_p_value > 0.001
    assert 0.05 < noise.eps < 0.13
    assert "No row is dropped" in noise.describe()


def test_even_noise_has_no_position() -> None:
    """Noise spread evenly, or none at all, has no change point."""
    clean = Students.from_frame(simulate_students(2000, seed=9, noisy_tail=0))
    assert inspect_labels(clean.grades, clean.gpa).first_noisy_row is None
    generator = np.random.default_rng(0)
    grades = np.where(generator.random(2000) < 0.1, generator.integers(0, 5, 2000), clean.grades)
    noise = inspect_labels(grades, clean.gpa)
    assert noise.first_noisy_row is None and noise.mismatches > 100
    assert "spread evenly" in noise.describe()
    assert inspect_labels(grades[:1], clean.gpa[:1]).first_noisy_row is None


def test_split_is_fixed_stratified_and_whole(frame: pd.DataFrame) -> None:
    """70/15/15, the same every time, each grade in each split, every student once."""
    split = split_students(frame)
    pd.testing.assert_frame_equal(split, split_students(frame))
    shares = split["split"].value_counts(normalize=True)
    assert shares.round(2).to_dict() == {"train": 0.7, "validation": 0.15, "test": 0.15}
    assert split.groupby("split")["GradeClass"].nunique().tolist() == [5, 5, 5]
    # Never by file order: the noisy tail would end up in one split.
    assert split["split"].iloc[-100:].nunique() == 3


def test_tables_keep_demographics_apart(frame: pd.DataFrame) -> None:
    """Only the audit table holds demographics; newly labelled rows are never in it."""
    recent = split_labelled(
        frame.head(50).assign(Age=np.nan, Gender=np.nan, Ethnicity=np.nan, GPA=np.nan)
    )
    tables = tables_of(pd.concat([split_students(frame), recent], ignore_index=True))
    for name, table in tables.items():
        assert ("Gender" in table.columns) == (name == "audit")
    assert len(tables["recent"]) == 20
    assert len(tables["audit"]) == len(frame)
    assert len(tables["train"]) == 840 + 30
    unknown = tables["recent"]
    assert (unknown["CleanGradeClass"] == unknown["GradeClass"]).all()


def test_scaler_is_described(frame: pd.DataFrame) -> None:
    """Nine features with the scaler's numbers, and bytes people can load."""
    scaler = fit_scaler(frame)
    described = describe_scaler(scaler)
    assert list(described) == list(FEATURE_NAMES)
    assert described["Absences"]["maximum"] == frame["Absences"].max()
    assert len(dump_scaler(scaler)) > 100


def test_rules_cover_every_column() -> None:
    """The contract of the file names each column once."""
    assert sorted(rule.column for rule in RULES) == sorted(COLUMNS)
