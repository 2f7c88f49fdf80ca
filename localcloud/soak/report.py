"""What a person sees of a soak: each fault as it strikes, the table, the findings; and as JSON."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from localcloud.soak.books import Books
from localcloud.soak.schedule import Step

_WIDTH = 110


class Recovery(NamedTuple):
    """One fault as it went: seconds until everything asked before its end was answered, stored."""

    at: float
    fault: str
    inside: str
    lasted: float
    answered: float | None
    stored: float | None


@dataclass
class Report:
    """Filled by the run; an empty list of findings is its success."""

    state: Path
    seed: int
    books: Books
    recoveries: list[Recovery] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    megabytes: dict[str, float] = field(default_factory=dict)
    failed_puts: int = 0
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def begins(self, seconds: float) -> None:
        """Say what would repeat this run."""
        self.console.print(
            f"a soak of {seconds:.0f} s, SEED={self.seed}; logs in {self.state}/logs"
        )

    def say(self, text: str) -> None:
        """Print a remark below the current fault."""
        self.console.print(f"         {text}", markup=False)

    def strikes(self, at: float, step: Step) -> None:
        """Print a fault as it strikes."""
        inside = f", {step.inside} meanwhile" if step.inside else ""
        self.console.print(f"{at:5.0f} s  {step.fault}{inside}  ({self.books.answered:,} answered)")

    def ends(self, seconds: float) -> None:
        """Print the table and the findings; write both beside the logs."""
        self._write(seconds)
        table = Table(
            "at", "fault", "meanwhile", "lasted", "all answered after", "all stored after"
        )
        for one in self.recoveries:
            times = ("never" if t is None else f"{t:.1f} s" for t in (one.answered, one.stored))
            table.add_row(f"{one.at:.0f} s", one.fault, one.inside, f"{one.lasted:.1f} s", *times)
        self.console.width = max(self.console.width, _WIDTH)
        self.console.print(table)
        books = self.books
        self.console.print(
            f"{books.asked:,} inputs, {books.answered:,} answered, {books.repeats:,} repeats dropped,"
            f" {len(self.labels):,} late labels, {seconds:.0f} s in all"
        )
        for finding in self.findings:
            self.console.print(finding, style="red", markup=False)
        if not self.findings:
            self.console.print("[green]Every input has exactly one answer, stored once.")

    def _write(self, seconds: float) -> None:
        document = {
            "seed": self.seed,
            "seconds": seconds,
            "inputs": self.books.asked,
            "answered": self.books.answered,
            "repeats": self.books.repeats,
            "versions": dict(self.books.served),
            "late_labels": len(self.labels),
            "failed_puts": self.failed_puts,
            "megabytes": self.megabytes,
            "faults": [one._asdict() for one in self.recoveries],
            "findings": self.findings,
        }
        path = self.state / "soak.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
