"""The last screen of `make run`: what was asked, what came back, how fast, and whether it was right."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Group
from rich.panel import Panel
from rich.table import Table

from localcloud.demo.tally import Tally

DATA = {
    "file": "the students file in data/",
    "kaggle": "the students file from Kaggle",
    "simulator": "simulated students: no file was at hand",
}
COLD, PACED, BURST = "cold", "paced", "burst"
"""The phases of the normal stream: the first record alone, then a few at a time, then the rest."""


@dataclass
class Findings:
    """What the demo saw.

    ``decision`` is the first training's outcome, ``final`` that of the model which serves at the
    end; ``loop`` and ``loop_problems`` come from the drift loop.
    """

    decision: dict[str, Any]
    tally: Tally
    seconds: float = 0.0
    loop: dict[str, str] = field(default_factory=dict)
    loop_problems: list[str] = field(default_factory=list)
    final: dict[str, Any] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """Why the demo must not end with exit code 0."""
        return [*self.tally.wrong(), *self.loop_problems]

    def rows(self) -> list[tuple[str, str]]:
        """The summary as (what, value) pairs."""
        tally = self.tally
        rejected = tally.rejections()
        right = {phase: tally.grades(phase) for phase in (COLD, PACED, BURST)}
        held_out = np.concatenate(list(right.values()))
        milliseconds = tally.latencies(PACED) * 1000
        p50, p95 = np.percentile(milliseconds, [50, 95])
        return [
            ("data", DATA.get(self.decision.get("data", ""), "unknown")),
            ("first champion", champion(self.decision)),
            (
                "one answer each",
                f"{len(tally.answers):,} of {len(tally.expected):,} inputs"
                f" ({tally.repeated} repeats dropped)",
            ),
            (
                "grade was right",
                f"{np.mean(held_out[:, 0] == held_out[:, 1]):.1%} of {len(held_out)} held-out"
                " students",
            ),
            ("rejected", f"{sum(rejected.values())}: {words(rejected)}"),
            ("put to answer", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (warm)"),
            ("burst", f"{tally.records_per_second(BURST):,.0f} records/s over two shards"),
            *self.loop.items(),
            ("champion at the end", self._last_champion()),
            ("time", f"{self.seconds:.0f} s"),
        ]

    def _last_champion(self) -> str:
        if self.final.get("version") in (None, self.decision["version"]):
            return f"version {self.decision['version']} still"
        # Its scores on the file's rows would say little: the rule has changed since.
        return f"version {self.final['version']}: {self.final['candidate']}"


def champion(decision: dict[str, Any]) -> str:
    """Version, kind and scores on the test split of the model an outcome promoted."""
    metrics = decision.get("metrics", {})
    shown = ", ".join(
        f"{name} {metrics[key]:.3f}"
        for name, key in (("f1-macro", "f1_macro"), ("log-loss", "log_loss"))
        if key in metrics
    )
    return f"version {decision['version']}: {decision['candidate']} ({shown})"


def words(counts: Counter[str]) -> str:
    """Counts as words, the most frequent first."""
    return ", ".join(f"{code} {count}" for code, count in counts.most_common()) or "none"


def render(findings: Findings) -> Panel:
    """The findings as a panel, red where something is wrong."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    for name, value in findings.rows():
        table.add_row(name, value)
    problems = findings.problems
    lines = [f"[red]{problem}[/]" for problem in problems] or [
        "[green]Every input has exactly one answer.[/]"
    ]
    title = "[red]Student Performance: FAILED" if problems else "[green]Student Performance"
    return Panel(Group(table, "", *lines), title=title, expand=False)
