"""Class lists: every dialect a spreadsheet saves, every row answered, nothing that bites."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.features import FEATURE_NAMES
from inference.web.class_list.rows import SLICE, read_rows
from tests.inference.support.kinesis import VALUES, event

CSV = "text/csv"
HEADER = ",".join(("StudentID", *FEATURE_NAMES))
GOOD = ",".join(map(str, VALUES))


def answers(http: FlaskClient, data: str | bytes, query: str = "") -> list[dict[str, Any]]:
    """The answers to a list, as JSON."""
    response = http.post(
        f"/predict/csv{query}", data=data, content_type=CSV, headers={"Accept": "application/json"}
    )
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.get_json()["answers"]
    return found


def table(http: FlaskClient, data: str) -> list[dict[str, str]]:
    """The answers to a list, as CSV read back."""
    response = http.post("/predict/csv", data=data, content_type=CSV)
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text)))


def test_a_list_gets_the_answers_single_events_get(http: FlaskClient) -> None:
    """Given a list, each row's prediction is what /predict says of the same student."""
    (row,) = answers(http, f"{HEADER}\n1001,{GOOD}\n")
    single = http.post("/predict", json=event(1001)).get_json()
    assert row["row"] == 2
    for key in ("prediction", "features", "version", "status"):
        assert row["answer"][key] == single[key]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\r\n1001,{GOOD}\r\n",
        f"{HEADER}\n1001,{GOOD}",
        f"{HEADER}\r1001,{GOOD}\r",
        "\ufeff" + f"{HEADER}\n1001,{GOOD}\n",
        f"{HEADER}\n1001,{GOOD}\n".replace(",", ";").replace("19.83", "19,83"),
        f"{HEADER}\n1001,{GOOD}\n".replace(",", "\t"),
        f"{HEADER.lower()}\n1001,{GOOD}\n",
        f'Name,{HEADER},GPA\n"Do\ne, J",1001,{GOOD},3.1\n',
        f"{HEADER}\n" + ",".join(f'"{cell}"' for cell in ("1001", *GOOD.split(","))),
    ],
)
def test_what_spreadsheets_save_is_read(http: FlaskClient, text: str) -> None:
    """Given line ends, marks, delimiters, quotes, cases and further columns, the row is the same."""
    (row,) = answers(http, text)
    assert row["answer"]["status"] == "ok"
    assert row["answer"]["prediction"]["student_id"] == 1001
    assert row["answer"]["features"] == event()["student"]


def test_a_share_of_the_year_is_optional(http: FlaskClient) -> None:
    """Given a column year_elapsed in any case, its rows are answered in mid-year; an empty cell, or
    a row that ends before it, is a whole year; what is no share is explained."""
    cells = ("0.5", "", "1", "50", "50%")
    lines = "".join(f"{n},{GOOD},{cell}\n" for n, cell in enumerate(cells))
    found = [row["answer"] for row in answers(http, f"{HEADER},Year_Elapsed\n{lines}9,{GOOD}\n")]
    assert [one["status"] for one in found] == ["ok"] * 3 + ["rejected"] * 2 + ["ok"]
    assert [one.get("year_elapsed") for one in found] == [0.5, None, 1, None, None, None]
    half, empty, whole, many, words, short = found
    assert (many["errors"][0]["code"], words["errors"][0]["code"]) == ("out_of_range", "wrong_type")
    assert empty["prediction"] | {"student_id": 2} == whole["prediction"]
    assert short["prediction"] | {"student_id": 2} == whole["prediction"]
    assert half["prediction"]["probabilities"] != whole["prediction"]["probabilities"]
    event_in_mid_year = event(0) | {"year_elapsed": 0.5}
    assert half["prediction"] == http.post("/predict", json=event_in_mid_year).json["prediction"]
    decimal_comma = f"{HEADER},year_elapsed\n1,{GOOD},0.5\n".replace(",", ";").replace("0.5", "0,5")
    assert answers(http, decimal_comma)[0]["answer"]["year_elapsed"] == 0.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_told_apart(http: FlaskClient, encoding: str) -> None:
    """Given any encoding Excel writes, an id with an accent comes back as typed."""
    (row,) = answers(http, f"{HEADER}\nZoé,{GOOD}\n".encode(encoding))
    assert row["answer"]["prediction"]["student_id"] == "Zoé"


def test_rows_are_numbered_as_in_the_spreadsheet(http: FlaskClient) -> None:
    """Given blank lines and no ids, rows keep the spreadsheet's numbers and are named by them."""
    text = f"{','.join(FEATURE_NAMES)}\n{GOOD}\n\n{GOOD}\n"
    assert [row["row"] for row in answers(http, text)] == [2, 4]
    ids = [row["answer"]["prediction"]["student_id"] for row in answers(http, text, "?first_row=9")]
    assert ids == ["row 9", "row 11"]


def test_bad_rows_are_answered_with_reasons(http: FlaskClient) -> None:
    """Given wrong, missing and surplus cells, good rows are answered and bad ones explained."""
    bad = GOOD.replace("19.83,7", "19.83,many")
    text = f"{HEADER}\n1,{GOOD}\n2,{bad}\n3,1,2\n4,{GOOD},extra\n"
    rows = table(http, text)
    assert [row["status"] for row in rows] == ["ok", "rejected", "rejected", "ok"]
    assert "Absences must be a whole number from 0 to 365" in rows[1]["errors"]
    assert rows[2]["errors"].count("must be") == 7
    assert rows[0]["grade"] in "ABCDF" and rows[1]["grade"] == ""
    shares = [float(rows[0][f"p_{grade}"]) for grade in "ABCDF"]
    assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_cells_that_spreadsheets_would_run_are_disarmed(http: FlaskClient) -> None:
    """Given an id that starts like a formula, the CSV answer has it as text."""
    rows = table(http, f"{HEADER}\n=1+1,{GOOD}\n-5,{GOOD}\n@x,{GOOD}\n")
    assert [row["student_id"] for row in rows] == ["'=1+1", "-5", "'@x"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "missing here: ParentalEducation"),
        ("StudentID,Absences\n1,2\n", "missing here: ParentalEducation, StudyTimeWeekly"),
        (f"{HEADER},absences\n", "a column twice: Absences"),
        (f"{HEADER},Year_Elapsed,year_elapsed\n", "a column twice: year_elapsed"),
        (b"PK\x03\x04\x00\xff" * 50, "missing here"),
    ],
)
def test_a_list_without_its_header_is_refused(http: FlaskClient, data: str, said: str) -> None:
    """Given no usable first line, the answer names the columns that are missing."""
    response = http.post("/predict/csv", data=data, content_type=CSV)
    assert (response.status_code, response.get_json()["code"]) == (422, "unreadable_table")
    assert said in response.get_json()["detail"]


def test_a_form_upload_is_a_download(http: FlaskClient) -> None:
    """Given the page's form without scripts, the answers come back as a file."""
    upload = {"file": (io.BytesIO(f"{HEADER}\n1,{GOOD}\n".encode()), "class.csv")}
    response = http.post("/predict/csv", data=upload)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == 'attachment; filename="grades.csv"'
    missing = http.post("/predict/csv", data={"other": (io.BytesIO(b""), "x")})
    assert (missing.status_code, missing.get_json()["code"]) == (422, "unreadable_table")


def test_uploads_never_touch_a_disk(http: FlaskClient, monkeypatch) -> None:
    """Given an upload of several MB, no temporary file is made."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", refuse)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    lines = f"1,{GOOD}\n" * 30_000
    upload = {"file": (io.BytesIO(f"{HEADER}\n{lines}".encode()), "class.csv")}
    response = http.post("/predict/csv", data=upload)
    assert response.status_code == 200
    assert response.text.count("\r\n") == 30_001


def test_long_lists_are_answered_in_slices(http: FlaskClient) -> None:
    """Given more rows than one model call takes, every row is answered once and in order."""
    count = 2 * SLICE + 1
    text = HEADER + "\n" + "".join(f"{number},{GOOD}\n" for number in range(count))
    found = answers(http, text)
    assert [row["answer"]["prediction"]["student_id"] for row in found] == list(range(count))


def test_limits_and_parameters_are_checked(make_app) -> None:
    """Given too many rows, another content type or a strange first_row, nothing is answered."""
    http = make_app(max_rows=2).test_client()
    text = f"{HEADER}\n" + f"1,{GOOD}\n" * 3
    assert http.post("/predict/csv", data=text, content_type=CSV).status_code == 422
    assert http.post("/predict/csv", data=text, content_type="text/plain").status_code == 415
    for wrong in ("", "x", "-1", "1e3", "1" * 10, "0"):
        response = http.post(f"/predict/csv?first_row={wrong}", data=HEADER, content_type=CSV)
        assert response.status_code == 422, wrong


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text(alphabet=st.sampled_from('0123456789,;"\n\r\t ax.-é'), max_size=200))
def test_every_row_of_any_text_has_one_answer(http: FlaskClient, body: str) -> None:
    """Given any text below a good header, there is one answer per row, numbered upwards."""
    found = answers(http, f"{HEADER}\n{body}".encode())
    numbers = [row["row"] for row in found]
    assert numbers == sorted(set(numbers))
    assert len(found) == len(list(read_rows(f"{HEADER}\n{body}")))
