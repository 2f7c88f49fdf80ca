"""A copy of the Terraform tree in which Terraform runs offline, the stand-in provider beside it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.tools.offline import provider, terraform
from infrastructure.tools.offline.errors import OfflineError
from infrastructure.tools.offline.schema import ROOT, load

LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
ignore_all_but_terraform = shutil.ignore_patterns("__pycache__", ".terraform*", "tools")


class Workspace:
    """Runs Terraform commands in ``directory`` on the stand-in that listens at ``reattach``."""

    def __init__(self, directory: Path, reattach: str) -> None:
        self.directory = directory
        self.variables = {"TF_REATTACH_PROVIDERS": reattach}

    def run(self, *arguments: str) -> int:
        """Run a command, its output going through; return its exit code."""
        return terraform.run(list(arguments), self.directory, self.variables).returncode

    def output(self, *arguments: str) -> str:
        """Run a command and return what it prints; raises OfflineError with its messages."""
        done = terraform.run(list(arguments), self.directory, self.variables, capture=True)
        if done.returncode:
            raise OfflineError(f"terraform {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def workspace(root: Path = ROOT) -> Iterator[Workspace]:
    """Copy a Terraform root (state kept locally), start the provider, initialise; clean up."""
    with tempfile.TemporaryDirectory(prefix="terraform-offline-") as name:
        base = Path(name)
        directory = base / "root"
        # The modules' relative paths must hold for a root below the tree too (bootstrap).
        shutil.copytree(ROOT, directory, ignore=ignore_all_but_terraform)
        directory = directory / root.resolve().relative_to(ROOT)
        (directory / "backend_override.tf").write_text(LOCAL_STATE, encoding="utf-8")
        server, reattach = provider.serve(load(), base / "provider")
        try:
            space = Workspace(directory, reattach)
            space.output("init", "-input=false", "-no-color")
            yield space
        finally:
            server.stop(grace=None).wait()
