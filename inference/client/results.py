"""A CSV of students with their answers beside them: written as a whole, read back by request id."""

import csv
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.grades import GRADES
from inference.client import ClientUsageError

Row = dict[str, str]

ANSWER_COLUMNS = (
    "status",
    "predicted_grade",
    "predicted_gpa",
    *(f"p_{grade}" for grade in GRADES),
    "advice",
    "errors",
    "model_version",
    "prediction_id",
    "request_id",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def cells(answer: Mapping[str, Any]) -> Row:
    """Return an answer as the columns it is written in."""
    result = dict.fromkeys(ANSWER_COLUMNS, "")
    result["status"] = answer["status"]
    result["prediction_id"] = answer["prediction_id"]
    result["request_id"] = answer["request_id"]
    result["model_version"] = str(answer["version"])
    if answer["status"] == "ok":
        prediction = answer["prediction"]
        result["predicted_grade"] = prediction["grade"]
        result["predicted_gpa"] = str(prediction["GPA"])
        for grade in GRADES:
            result[f"p_{grade}"] = str(prediction["probabilities"][grade])
        result["advice"] = "; ".join(
            f"{one['feature']} {one['from']:g} -> {one['to']:g}: GPA {one['gpa_change']:+.2f}"
            for one in answer.get("guidance", [])
        )
    else:
        result["errors"] = "; ".join(
            f"{error['code']}: {error['message']}" for error in answer["errors"]
        )
    return result


def earlier(path: Path) -> tuple[dict[str, Row], int]:
    """Return the answers in ``path`` by request id, and how many have none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row.get("status")]
    except FileNotFoundError:
        return {}, 0
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ClientUsageError(f"{path} is no earlier output: name another --output") from error
    known = {
        row["request_id"]: {name: row.get(name) or "" for name in ANSWER_COLUMNS}
        for row in rows
        if row.get("request_id")
    }
    return known, len(rows) - len(known)


def keep(path: Path) -> Path:
    """Copy an output beside itself, so that its answers outlive the next one; return the copy."""
    copy = path.with_name(f"{path.stem}.before{path.suffix}")
    try:
        shutil.copyfile(path, copy)
    except OSError as error:
        raise ClientUsageError(f"{copy} cannot be written: {error.strerror}") from error
    return copy


def write(path: Path, columns: list[str], rows: list[Row], answers: list[Row | None]) -> None:
    """Write every row, with its answer where there is one; the file is replaced as a whole."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(map(_safe, [*columns, *ANSWER_COLUMNS]))
            for row, answer in zip(rows, answers, strict=True):
                said = [(answer or {}).get(name, "") for name in ANSWER_COLUMNS]
                table.writerow(map(_safe, [*(row[name] for name in columns), *said]))
        partial.replace(path)
    except OSError as error:
        raise ClientUsageError(f"{path} cannot be written: {error.strerror}") from error


def _safe(cell: str) -> str:
    """Return ``cell`` so that a spreadsheet shows it as text and does not run it as a formula."""
    if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
