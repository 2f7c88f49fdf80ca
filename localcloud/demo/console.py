"""What a person sees while the demo runs: numbered steps, bars, findings."""

import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress
from rich.console import Console

from localcloud.demo.traffic import Advance

WIDTH = 110
"""Longer texts are wrapped; a longer word (a signed link) is cut: the mail itself holds it whole."""


def wrapped(text: str) -> list[str]:
    """Return ``text`` in lines that fit beside their indentation."""
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ..." for line in lines or [""]]


class Progress:
    """Prints numbered steps with their time, and below each what comes of it."""

    def __init__(self, steps: int, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._steps, self._number = steps, 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step, run it, print how long it took."""
        self._number += 1
        self.console.print(f"\n[bold cyan]{self._number}/{self._steps}  {name}[/]")
        started = time.monotonic()
        yield
        self.console.print(f"     [green]done[/] in {time.monotonic() - started:.1f} s")

    def say(self, text: str) -> None:
        """Print one finding below the current step."""
        for line in wrapped(text):
            self.console.print(f"     {line}", markup=False)

    def quote(self, text: str) -> None:
        """Print somebody else's words below the current step."""
        for line in wrapped(text):
            self.console.print(f"     | {line}", style="dim", markup=False)

    @contextmanager
    def bar(self, what: str, total: int) -> Iterator[Advance]:
        """Show a bar that the yielded function moves; plain output keeps only its last state."""
        bar = progress.Progress(
            progress.TextColumn("     {task.description}"),
            progress.BarColumn(bar_width=32),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            console=self.console,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda n: bar.advance(task, n)
