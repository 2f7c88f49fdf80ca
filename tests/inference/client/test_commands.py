"""The client, against streams in memory."""

from __future__ import annotations

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

from inference.client.__main__ import main
from tests.inference.support import client_streams
from tests.inference.support.client_streams import Streams
from tests.inference.support.kinesis import client_error, encoded


@pytest.fixture(name="streams")
def streams_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Streams]:
    """The client's Kinesis, its stream names, and no waiting."""
    yield client_streams.connect(monkeypatch)


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


def test_a_stream_that_is_absent_is_named(streams: Streams, capsys: Output) -> None:
    """What the endpoint says in order is no reason for patience."""
    streams.refuse = client_error("ResourceNotFoundException")
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
    assert main(["put-record", "--patience", "0.05"]) == 2
    *_, said = capsys.readouterr().err.splitlines()
    assert said == (
        "error: the endpoint gave no answer for 0.05 seconds (None: Read timed out.); does it run"
        " (make status)? Then the same command again"
    )


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
