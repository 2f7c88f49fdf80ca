"""Tables of the model card; the whole card is read in test_promotion.py."""

from __future__ import annotations

import pandas as pd

from orchestrator.training.release.card import table_of


def test_a_table_in_markdown() -> None:
    """Numbers have three decimals, all else stands as it is."""
    shown = table_of(pd.DataFrame({"name": ["a"], "score": [0.12345], "rows": [7]}))
    assert shown == "| name | score | rows |\n|---|---|---|\n| a | 0.123 | 7 |"
