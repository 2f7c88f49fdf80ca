"""What Mage keeps of a run's blocks: whole tables of students, of no use once the run has ended."""

import shutil
from pathlib import Path


def clear(folder: Path) -> int:
    """Delete the outputs of blocks below Mage's data folder; return of how many pipelines."""
    found = [path for path in folder.rglob(".variables") if path.is_dir()]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)
