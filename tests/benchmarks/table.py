"""The table a benchmark prints."""

from __future__ import annotations


def row(name: str, value: str, floor: str) -> None:
    """Print a line of the table."""
    print(f"{name:<58} {value:>16}   {floor}", flush=True)
