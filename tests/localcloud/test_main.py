"""The command line of the local cloud: what reaches the training program, and what is refused."""

import os
import subprocess
import sys

import pytest

from localcloud import __main__ as commands


def test_train_passes_leading_options_on(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(commands, "train", lambda *given: seen.append(given) or 0)
    state = ["--state", str(tmp_path)]
    rest = ["--trials", "3", "--seed", "7"]
    assert commands.main([*state, "train", *rest]) == 0
    assert commands.main([*state, "--endpoint", "http://x:1", "train", *rest]) == 0
    assert seen == [
        (tmp_path.resolve(), rest, None),
        (tmp_path.resolve(), rest, "http://x:1"),
    ]


def test_other_commands_refuse_what_they_do_not_know(capsys):
    with pytest.raises(SystemExit) as refusal:
        commands.main(["status", "--trials", "3"])
    assert refusal.value.code == 2
    assert "unrecognized arguments: --trials 3" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    """The pipe of `make status | head -0`: closed before anything is written."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "localcloud", "--state", str(tmp_path), "status"],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")
