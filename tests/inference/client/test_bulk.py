"""The command `stream`: sent, answered, joined, resumed, against streams in memory."""

from __future__ import annotations

import csv
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from inference.client import results
from inference.client.__main__ import main
from tests.inference.support import client_streams
from tests.inference.support.client_streams import Streams, student, write
from tests.inference.support.kinesis import client_error

Output = pytest.CaptureFixture[str]


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(name="streams")
def streams_fixture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Streams:
    """The client's Kinesis, its stream names, no waiting, and a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return client_streams.connect(monkeypatch)


def test_a_csv_goes_through(streams: Streams, tmp_path: Path, capsys: Output) -> None:
    """Answers are joined row by row, doubled ones counted once, other columns kept and not sent."""
    streams.twice = True
    source = write(tmp_path / "s.csv", [student(n, Absences=n % 30) for n in range(1, 1203)])
    assert main(["stream", str(source), "--window", "100"]) == 0
    assert "1202 predictions, 0 rejected, 0 unanswered" in capsys.readouterr().out
    assert not any(b"canary" in data for data in streams.stored["students"])
    rows = read(tmp_path / ".local" / "s.predictions.csv")
    assert [row["StudentID"] for row in rows] == [str(n) for n in range(1, 1203)]
    assert rows[0]["Name"] == "canary" and rows[0]["predicted_grade"] == "A"
    assert rows[28]["predicted_grade"] == "F"


def test_only_unanswered_rows_are_sent_again(
    streams: Streams, tmp_path: Path, capsys: Output
) -> None:
    """Changed rows count as unanswered; --output names the file."""
    out = tmp_path / "out.csv"
    source = write(tmp_path / "s.csv", [student(1), student(2), student(3, Music="x")])
    assert main(["stream", str(source), "--output", str(out)]) == 0
    write(source, [student(1), student(2, Absences=3), student(3, Music="x"), student(4)])
    assert main(["stream", str(source), "--output", str(out)]) == 0
    assert len(streams.stored["students"]) == 5
    assert "3 predictions, 1 rejected, 0 unanswered" in capsys.readouterr().out


def test_without_answers_the_run_ends(streams: Streams, tmp_path: Path, capsys: Output) -> None:
    """Patience ends while collecting (exit code 1), or while held back (2)."""
    streams.answering = False
    few = write(tmp_path / "few.csv", [student(1)])
    assert main(["stream", str(few), "--patience", "0.05"]) == 1
    assert "0 predictions, 0 rejected, 1 unanswered" in capsys.readouterr().out
    many = write(tmp_path / "many.csv", [student(n) for n in range(1500)])
    assert main(["stream", str(many), "--patience", "0.05", "--window", "1"]) == 2
    assert "no answer for 0.05 seconds; is it running?" in capsys.readouterr().err
    assert (tmp_path / ".local" / "many.predictions.csv").exists()


def test_a_stream_that_refuses_is_named(streams: Streams, tmp_path: Path, capsys: Output) -> None:
    """The error codes are told, and how many records are on their way."""
    streams.refuse = client_error("ResourceNotFoundException")
    assert main(["stream", str(write(tmp_path / "s.csv", [student(1)]))]) == 2
    assert "0 records sent, then the stream refused: ResourceNotFound" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_the_answers(
    streams: Streams,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    number: signal.Signals,
) -> None:
    """Answers collected before the signal are written; the handler of before stands again."""
    before = signal.getsignal(number)
    put = streams.put_records

    def put_then_signal(**request: Any) -> dict[str, Any]:
        if streams.stored["students"]:
            os.kill(os.getpid(), number)
        return put(**request)

    monkeypatch.setattr(streams, "put_records", put_then_signal)
    # A test that fails must not end the whole test run.
    signal.signal(number, lambda *_: None)
    try:
        source = write(tmp_path / "s.csv", [student(n) for n in range(1200)])
        assert main(["stream", str(source)]) == 130
    finally:
        signal.signal(number, before)
    assert capsys.readouterr().err.endswith("stopped\n")
    rows = read(tmp_path / ".local" / "s.predictions.csv")
    assert sum(row["status"] == "ok" for row in rows) == 500


ROWS = [student(n, Absences=n % 30) for n in range(1200)]
OUTPUT = Path(".local") / "s.predictions.csv"


def sent(streams: Streams) -> list[str]:
    """Return the request ids of what was sent, in order."""
    return [json.loads(data)["request_id"] for data in streams.stored["students"]]


def test_records_sent_twice_are_one_answer(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """GIVEN an endpoint that stores a chunk and then does not say so WHEN the chunk is sent again
    THEN both copies carry one request id, and each row has one answer."""
    put = streams.put_records
    lost = [ReadTimeoutError(endpoint_url="x")]

    def put_and_lose(**request: Any) -> dict[str, Any]:
        answer = put(**request)
        if lost:
            raise lost.pop()
        return answer

    monkeypatch.setattr(streams, "put_records", put_and_lose)
    source = write(tmp_path / "s.csv", [*ROWS, ROWS[7], ROWS[7]])
    assert main(["stream", str(source)]) == 0
    ids = [row["request_id"] for row in read(OUTPUT)]
    assert len(set(ids)) == len(ids) == 1202 and len(sent(streams)) == 1702
    assert set(sent(streams)) == set(ids)
    assert "1202 predictions, 0 rejected, 0 unanswered (version 1)" in capsys.readouterr().out


def test_what_is_answered_is_said_and_asked_anew_on_request(
    streams: Streams, tmp_path: Path, capsys: Output
) -> None:
    """The second run sends nothing and says by which model, on which stack; --again sends all."""
    source = write(tmp_path / "s.csv", ROWS)
    assert main(["stream", str(source)]) == 0
    capsys.readouterr()
    assert main(["stream", str(source)]) == 0
    said = capsys.readouterr()
    assert said.err == (
        "1,200 answered before by version 1 on students at the endpoint, made 2025-01-01 00:00:00"
        " UTC: nothing sent; --again asks anew\n"
    )
    assert len(sent(streams)) == 1200 and "1200 predictions" in said.out
    first = read(OUTPUT)
    assert main(["stream", str(source), "--again"]) == 0
    assert len(set(sent(streams))) == 2400
    assert read(OUTPUT.with_name("s.predictions.before.csv")) == first
    assert "asked anew: kept in .local/s.predictions.before.csv" in capsys.readouterr().err
    assert main(["stream", str(source)]) == 0
    assert len(sent(streams)) == 2400 and "nothing sent" in capsys.readouterr().err


def test_rows_keep_their_answers_when_others_come_between(
    streams: Streams, tmp_path: Path, capsys: Output
) -> None:
    """The order of rows and columns that are not sent change no question; only new rows are sent."""
    source = write(tmp_path / "s.csv", [student(1), student(2)])
    assert main(["stream", str(source)]) == 0
    write(source, [student(3), student(2, Name="other"), student(1)])
    assert main(["stream", str(source)]) == 0
    assert len(sent(streams)) == 3
    assert "2 answered before by version 1 on" in (said := capsys.readouterr().err)
    assert ": 1 more sent" in said
    assert [(row["StudentID"], row["Name"], row["status"]) for row in read(OUTPUT)] == [
        ("3", "canary", "ok"), ("2", "other", "ok"), ("1", "canary", "ok"),
    ]  # fmt: skip
    assert not OUTPUT.with_name("s.predictions.before.csv").exists()


def test_answers_of_another_stack_are_not_used(
    streams: Streams, tmp_path: Path, capsys: Output
) -> None:
    """GIVEN an output of an earlier stack, or of an earlier client WHEN the same CSV is streamed
    THEN every row is asked, and the earlier answers are kept beside it, which is said."""
    source = write(tmp_path / "s.csv", ROWS[:3])
    assert main(["stream", str(source)]) == 0
    first = OUTPUT.read_text(encoding="utf-8")
    streams.anew()
    capsys.readouterr()
    assert main(["stream", str(source)]) == 0
    said = capsys.readouterr()
    assert len(sent(streams)) == 3 and "answered before" not in said.err
    assert "3 earlier answers in .local/s.predictions.csv are not of students at" in said.err
    kept = OUTPUT.with_name("s.predictions.before.csv")
    assert kept.read_text(encoding="utf-8") == first
    old = [{**row, "status": "ok", "prediction_id": "p"} for row in ROWS[:2]]
    write(OUTPUT, old, "status", "prediction_id")
    assert main(["stream", str(source)]) == 0
    assert len(sent(streams)) == 6
    assert "2 earlier answers" in capsys.readouterr().err


def killed(monkeypatch: pytest.MonkeyPatch, source: Path, *options: str) -> None:
    """Run the command without its end, as SIGKILL leaves it."""
    with monkeypatch.context() as patch:
        patch.setattr(results, "write", lambda *_: None)
        main(["stream", str(source), *options])
    assert not OUTPUT.exists()


def test_a_killed_run_has_lost_nothing(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """GIVEN a run killed half way, its journal's last line torn WHEN it is repeated
    THEN what had come is used, what came since is collected, and only the rest is sent."""
    put = streams.put_records

    def put_then_stall(**request: Any) -> dict[str, Any]:
        streams.answering = len(streams.stored["students"]) < 500
        return put(**request)

    source = write(tmp_path / "s.csv", ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(streams, "put_records", put_then_stall)
        killed(monkeypatch, source, "--patience", "0.05")
    journal = OUTPUT.with_name(".s.predictions.csv.journal")
    with journal.open("ab") as file:
        file.write(b'{"torn": ')
    streams.answer(500, 900)
    streams.answering = True
    before = len(sent(streams))
    capsys.readouterr()
    assert main(["stream", str(source)]) == 0
    assert "500 answered before" in capsys.readouterr().err
    assert len(sent(streams)) - before == 300 and len(set(sent(streams))) == 1200
    assert {row["status"] for row in read(OUTPUT)} == {"ok"}
    assert not journal.exists()


def test_a_slow_endpoint_is_borne_with_then_named(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """GIVEN an endpoint whose reads time out WHEN it recovers in time THEN nothing is lost; if not,
    one error line names it, the exit code is 2, and the same command goes on from what is kept."""
    get = streams.get_records
    slow = [ReadTimeoutError(endpoint_url="x")] * 3

    def get_slowly(**request: Any) -> dict[str, Any]:
        if slow and len(streams.stored["students"]) >= 1000:
            raise slow.pop()
        return get(**request)

    monkeypatch.setattr(streams, "get_records", get_slowly)
    source = write(tmp_path / "s.csv", ROWS)
    assert main(["stream", str(source), "--output", "a.csv", "--window", "500"]) == 0
    assert not slow and "waiting for the endpoint" in capsys.readouterr().err
    slow.extend([ReadTimeoutError(endpoint_url="x")] * 1000)
    streams.anew()
    command = ["stream", str(source), "--window", "500", "--patience", "0.3"]
    assert main(command) == 2
    *_, said = capsys.readouterr().err.splitlines()
    assert said.startswith("error: the endpoint gave no answer for 0.3 seconds (Read timeout on")
    rows = read(OUTPUT)
    assert len(rows) == 1200 and sum(row["status"] == "ok" for row in rows) == 500
    slow.clear()
    assert main(["stream", str(source)]) == 0
    assert len(set(sent(streams))) == 1200


def test_a_share_of_the_year_goes_along(streams: Streams, tmp_path: Path) -> None:
    """GIVEN a column year_elapsed WHEN a cell is empty THEN it is a whole year's total; a share that
    cannot be is rejected."""
    rows = [student(n, year_elapsed=cell) for n, cell in enumerate(("0.5", "", "50"))]
    source = write(tmp_path / "s.csv", rows, "year_elapsed")
    assert main(["stream", str(source)]) == 0
    half, whole, wrong = (json.loads(data) for data in streams.stored["students"])
    assert (half["year_elapsed"], wrong["year_elapsed"]) == (0.5, 50)
    assert "year_elapsed" not in whole
    said = read(OUTPUT)
    assert [row["status"] for row in said] == ["ok", "ok", "rejected"]
    assert said[0]["p_A"] != said[1]["p_A"] and said[0]["year_elapsed"] == "0.5"
    assert "year_elapsed must be a number over 0 up to 1" in said[2]["errors"]


@pytest.mark.parametrize(
    ("output", "message"),
    [("s.csv", "s.csv is the CSV itself"), ("no/such/a.csv", "a.csv.journal cannot be written")],
)
def test_an_output_that_cannot_be(
    streams: Streams, tmp_path: Path, capsys: Output, output: str, message: str
) -> None:
    """It is named before anything is sent."""
    source = write(tmp_path / "s.csv", ROWS[:1])
    assert main(["stream", str(source), "--output", output]) == 2
    assert message in capsys.readouterr().err and not streams.stored["students"]
