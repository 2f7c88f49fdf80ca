"""Documents about a student as files that their owner alone can read."""

import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, document: dict[str, Any]) -> Path:
    """Write ``document`` as JSON, whole or not at all, and return the path."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with open(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(document, file, indent=2)
    os.replace(temporary, path)
    return path
