"""The last screen of `make run`: what was asked, what came back, how fast, and whether it was right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Group
from rich.panel import Panel
from rich.table import Table

from infrastructure.local.journey.tally import Tally


@dataclass
class Findings:
    """What the journey saw. ``tally`` is the paced part of the stream, ``burst`` the rest."""

    decision: dict[str, Any]
    tally: Tally
    burst: Tally
    steps: dict[str, float]
    seconds: float = 0.0
    extra: dict[str, str] = field(default_factory=dict)
    further_problems: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Why the journey must not end with exit code 0."""
        return [*self.tally.wrong(), *self.burst.wrong(), *self.further_problems]

    def rows(self) -> list[tuple[str, str]]:
        """The summary as (what, value) pairs."""
        both = (self.tally, self.burst)
        asked = sum(len(t.expected) for t in both)
        answered = sum(len(t.answers) for t in both)
        repeated = sum(t.repeated for t in both)
        rejected = self.tally.rejections() + self.burst.rejections()
        truth, predicted = (np.concatenate(part) for part in zip(*(t.grades() for t in both)))
        milliseconds = self.tally.latencies() * 1000
        p50, p95 = np.percentile(milliseconds, [50, 95])
        return [
            ("champion", self._champion()),
            ("one answer each", f"{answered} of {asked} inputs, {repeated} repeats dropped"),
            ("grade was right", f"{np.mean(truth == predicted):.1%} of {len(truth)} students"),
            ("rejected", f"{sum(rejected.values())}: {words(rejected)}"),
            ("put to answer", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms"),
            ("burst", f"{self.burst.records_per_second():,.0f} records/s, two shards"),
            *self.extra.items(),
            ("time", f"{self.seconds:.0f} s"),
        ]

    def _champion(self) -> str:
        metrics = self.decision.get("metrics", {})
        shown = ", ".join(
            f"{name} {metrics[key]:.3f}"
            for name, key in (("f1-macro", "f1_macro"), ("log-loss", "log_loss"))
            if key in metrics
        )
        return f"version {self.decision['version']}: {self.decision['candidate']} ({shown})"


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
