"""What a person sees while the journey runs: numbered steps, progress, what was found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from localcloud.demo.traffic import Progress as Callback

QUOTE_WIDTH = 160
"""Longer lines (a signed link in a mail) are cut; the mail itself holds them whole."""


class Narrator:
    """Prints steps with their time; ``seconds`` keeps the times for the summary."""

    def __init__(self, steps: int, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.seconds: dict[str, float] = {}
        self._steps = steps

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step, run it, print how long it took."""
        number = len(self.seconds) + 1
        self.console.print(f"\n[bold cyan]{number}/{self._steps}  {name}[/]")
        started = time.monotonic()
        self.seconds[name] = 0.0
        yield
        self.seconds[name] = time.monotonic() - started
        self.console.print(f"     [green]done[/] in {self.seconds[name]:.1f} s")

    def say(self, text: str) -> None:
        """Print one finding below the current step."""
        self.console.print(f"     {text}")

    def quote(self, text: str) -> None:
        """Print somebody else's words below the current step."""
        shown = text if len(text) <= QUOTE_WIDTH else f"{text[:QUOTE_WIDTH]} ..."
        self.console.print(f"     | {shown}", style="dim", markup=False)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callback]:
        """Show a bar that the yielded function moves; plain output keeps only its last state."""
        bar = Progress(
            TextColumn("     {task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda n: bar.advance(task, n)
