"""The client, against streams in memory."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from urllib3.exceptions import ReadTimeoutError

from inference.client import commands, exchange
from inference.client.__main__ import main
from inference.stream import reader
from tests.inference.support.client_streams import Streams, student, write
from tests.inference.support.kinesis import client_error, encoded


@pytest.fixture(name="streams")
def streams_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Streams]:
    """The client's Kinesis, its stream names, and no waiting."""
    streams = Streams()
    monkeypatch.setattr(commands, "client", lambda _: streams)
    monkeypatch.setattr(reader, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(exchange, "SEND_SECONDS", 5.0)
    monkeypatch.setenv("STUDENTS_STREAM_NAME", "students")
    monkeypatch.setenv("PREDICTIONS_STREAM_NAME", "predictions")
    yield streams


Output = pytest.CaptureFixture[str]


def test_put_record_sends_the_bytes_as_they_are(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """A file, stdin, or the sample; nothing is checked or changed on the way."""
    file = tmp_path / "bad.json"
    file.write_bytes(b"\xff{")
    assert main(["put-record", str(file)]) == 0
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"[1]")))
    assert main(["put-record", "-", "--partition-key", "k"]) == 0
    assert main(["put-record", "--wait", "60"]) == 0
    assert streams.stored["students"][:2] == [b"\xff{", b"[1]"]
    captured = capsys.readouterr()
    assert json.loads(captured.out)["request_id"] == "sample"
    assert captured.err.count("sent to shardId-000000000000 as") == 3


def test_put_record_gives_up_waiting(streams: Streams, capsys: Output) -> None:
    """Nobody answers: exit code 2 and a hint."""
    streams.answering = False
    assert main(["put-record", "--wait", "0.01"]) == 2
    assert "no answer within 0.01 seconds; is it running?" in capsys.readouterr().err


def test_predictions_are_shown_once_each(streams: Streams, capsys: Output) -> None:
    """Doubled answers and throttled reads do not show."""
    streams.twice, streams.throttled_reads = True, 2
    for data in (encoded(1), encoded("x", Absences=-1), b"{"):
        streams.put_record(StreamName="students", Data=data)
    assert main(["predictions", "--since", "60"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 3 and captured.err == "3 answers\n"
    assert "1  B  GPA 3.09  p=0.62  version 1" in lines[0]
    assert lines[1].endswith("x  rejected: out_of_range (student.Absences)")
    assert lines[2].endswith("None  rejected: not_json")
    assert main(["predictions", "--json", "--limit", "2", "--follow"]) == 0
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 2


def test_a_csv_goes_through(streams: Streams, tmp_path: Path, capsys: Output) -> None:
    """Answers are joined row by row, doubled ones counted once, other columns kept and not sent."""
    streams.twice = True
    source = write(tmp_path / "s.csv", [student(n, Absences=n % 30) for n in range(1, 1203)])
    assert main(["stream", str(source), "--window", "100"]) == 0
    assert "1202 predictions, 0 rejected, 0 unanswered" in capsys.readouterr().out
    assert not any(b"canary" in data for data in streams.stored["students"])
    with (tmp_path / "s.predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
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
    assert (tmp_path / "many.predictions.csv").exists()


def test_a_stream_that_refuses_is_named(streams: Streams, tmp_path: Path, capsys: Output) -> None:
    """The error codes are told, and how many records are on their way."""
    streams.refuse = client_error("ResourceNotFoundException")
    assert main(["stream", str(write(tmp_path / "s.csv", [student(1)]))]) == 2
    assert "0 records sent, then the stream refused: ResourceNotFound" in capsys.readouterr().err
    assert main(["put-record"]) == 2
    assert "ResourceNotFoundException" in capsys.readouterr().err


def test_ctrl_c_is_a_clean_stop(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """Exit code 130, one word."""

    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(streams, "put_record", interrupt)
    assert main(["put-record"]) == 130
    assert capsys.readouterr().err == "stopped\n"


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
    with (tmp_path / "s.predictions.csv").open(encoding="utf-8", newline="") as file:
        assert sum(row["status"] == "ok" for row in csv.DictReader(file)) == 500


def test_an_ignored_signal_stays_ignored(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """Under nohup the end of the terminal does not stop the client."""
    put = streams.put_record

    def put_then_signal(**request: Any) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGHUP)
        return put(**request)

    monkeypatch.setattr(streams, "put_record", put_then_signal)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["put-record"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert "sent to" in capsys.readouterr().err


def test_an_answer_that_stalls_is_one_error_line(streams: Streams, capsys: Output) -> None:
    """A read that times out within the body is urllib3's error, not botocore's."""
    streams.refuse = ReadTimeoutError(None, "", "Read timed out.")  # type: ignore[arg-type]
    assert main(["put-record"]) == 2
    assert capsys.readouterr().err.splitlines() == ["error: None: Read timed out."]


def test_nothing_printed_steers_the_terminal(streams: Streams, capsys: Output) -> None:
    """An id with an escape sequence is shown escaped."""
    streams.put_record(StreamName="students", Data=encoded("\x1b[2J\u202e\r\u00e9", Absences=-1))
    assert main(["predictions"]) == 0
    out = capsys.readouterr().out
    assert "\\x1b[2J\\u202e\\r\u00e9" in out and "\x1b" not in out and out.count("\n") == 1


def test_streams_must_be_named(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    """Neither option nor variable: the error names both."""
    monkeypatch.delenv("STUDENTS_STREAM_NAME", raising=False)
    assert main(["put-record"]) == 2
    assert "--students-stream or STUDENTS_STREAM_NAME" in capsys.readouterr().err
    assert main(["put-record", "no-such-file", "--students-stream", "s"]) == 2
    assert "no-such-file: No such file" in capsys.readouterr().err
