"""What serves: the digests that passed the smoke test last, kept beside the Terraform state.

Not Terraform's outputs: an apply that fails half-way has changed those already.
"""

import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from infrastructure.tools.release.errors import ProgramError
from infrastructure.tools.release.program import aws
from infrastructure.tools.release.target import Target

KEY = "serving.json"


class Serving(NamedTuple):
    """One proven release."""

    commit: str
    digests: dict[str, str]


def read(target: Target) -> Serving | None:
    """Return the release that was proven last, or None before the first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KEY
        try:
            aws("s3api", "get-object", "--bucket", target.state_bucket, "--key", KEY, str(path))
        except ProgramError as error:
            if "NoSuchKey" in str(error):
                return None
            raise
        found = json.loads(path.read_text("utf-8"))
    return Serving(found["commit"], found["digests"])


def write(target: Target, digests: dict[str, str]) -> None:
    """Record a proven release; the bucket keeps the older records as versions."""
    document = {
        "commit": target.commit,
        "digests": digests,
        "proven_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KEY
        path.write_text(json.dumps(document, indent=2), "utf-8")
        aws(
            "s3api",
            "put-object",
            "--bucket",
            target.state_bucket,
            "--key",
            KEY,
            "--body",
            str(path),
            "--content-type",
            "application/json",
        )
