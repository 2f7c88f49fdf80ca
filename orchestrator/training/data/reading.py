"""Read a students file as text, so that the data contract can name what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from orchestrator.training.errors import DataContractError, SourceError

LINE = "line"
"""The column added on reading: the line of the file, the header being line 1."""


def read_students(path: Path) -> pd.DataFrame:
    """Return the file's cells as text plus ``line``; raises SourceError or DataContractError."""
    try:
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
        )
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except pd.errors.EmptyDataError:
        raise DataContractError(f"{path.name} is empty; a header and rows are needed") from None
    except pd.errors.ParserError as error:
        reason = str(error).rsplit("error: ", maxsplit=1)[-1].strip()
        raise DataContractError(f"{path.name} is not a table: {reason}") from error
    except UnicodeDecodeError as error:
        raise DataContractError(f"{path.name} is not UTF-8 at byte {error.start}") from None
    frame.columns = frame.columns.str.strip()
    frame[LINE] = range(2, len(frame) + 2)
    return frame
