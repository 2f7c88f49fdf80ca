"""What a person sees of the demo: no line longer than a terminal takes."""

from __future__ import annotations

import io

from rich.console import Console

from localcloud.demo.console import Progress


def test_long_texts_are_wrapped_and_long_words_cut() -> None:
    """GIVEN a long sentence and a signed link WHEN shown THEN no line is over 120 characters."""
    screen = io.StringIO()
    progress = Progress(1, Console(file=screen, highlight=False, soft_wrap=True))
    with progress.step("one step"):
        progress.say("word " * 60)
        progress.quote("http://127.0.0.1/" + "x" * 400)
        progress.quote("")
        progress.say("[ALARM] is no markup")
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 120
    assert " ".join(lines).split().count("word") == 60
    assert "1/1  one step" in lines and "     [ALARM] is no markup" in lines


def test_a_bar_counts() -> None:
    """GIVEN a bar WHEN it is moved to its end THEN its last state says so."""
    screen = io.StringIO()
    with Progress(1, Console(file=screen)).bar("answers", 3) as advance:
        advance(1)
        advance(2)
    assert "answers" in screen.getvalue() and "3/3" in screen.getvalue()
