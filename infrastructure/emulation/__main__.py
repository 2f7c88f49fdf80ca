"""Apply, plan again and destroy the local environment on the emulator: ``make tf-emulator``."""

from __future__ import annotations

import json
import os
import subprocess  # nosec: own commands, no shell
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from infrastructure.emulation import provider
from infrastructure.emulation.errors import EmulationError
from infrastructure.emulation.flatten import Flat, Flattener
from infrastructure.local.configuration import LOCAL_VARIABLES, REPOSITORY, load
from infrastructure.local.emulator import Emulator

LINT_PYTHON = REPOSITORY / ".venv-lint" / "bin" / "python"
UV = REPOSITORY / ".venv" / "bin" / "uv"
SERVICES = "cloudwatch,ecr,iam,kinesis,kms,lambda,logs,s3,sns,sqs,sts"
DIGEST = "sha256:" + "0" * 63 + "1"


class Terraform:
    """Runs Terraform in one directory with the mirrored provider."""

    def __init__(self, directory: Path, mirror: Path) -> None:
        self.directory = directory
        settings = directory / "terraform.rc"
        settings.write_text(provider.configuration(mirror), encoding="utf-8")
        code = "import json; from infrastructure.offline.terraform import command; print(json.dumps(command()))"
        found = subprocess.run(
            [str(LINT_PYTHON), "-c", code],
            check=True,
            text=True,
            capture_output=True,
            cwd=REPOSITORY,
        )
        self.command: list[str] = json.loads(found.stdout)
        self.environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        """Run a command and return its output; raises EmulationError with its last words."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.directory,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode not in accepted:
            words = (done.stdout + done.stderr)[-3000:]
            raise EmulationError(f"terraform {arguments[0]} ended with {done.returncode}: {words}")
        return done.stdout

    def schemas(self) -> dict[str, Any]:
        """Return the provider's resource schemas."""
        text = self.run("providers", "schema", "-json")
        found: dict[str, Any] = next(iter(json.loads(text)["provider_schemas"].values()))
        resources: dict[str, Any] = found["resource_schemas"]
        return resources


def offline_plan() -> dict[str, Any]:
    """Return the local environment's plan, every core module in it."""
    done = subprocess.run(
        [str(LINT_PYTHON), "-m", "infrastructure.offline", "plan", str(LOCAL_VARIABLES)]
        + [f'--var=image_digests={{"inference":"{DIGEST}"}}'],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise EmulationError(done.stderr.strip())
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


def report(flat: Flat, planned: int) -> None:
    """Say what is applied and what the old provider leaves out."""
    made = sum(len(named) for named in flat.resources.values())
    print(f"{planned} resources planned, {made} of them known to hashicorp/aws {provider.VERSION}")
    for (kind, reason), count in sorted(Counter(flat.left_out.values()).items()):
        print(f"  left out: {count} {kind}: {reason}")


def rehearse(directory: Path) -> None:
    """Apply, plan again, destroy; raises EmulationError where one of them is not clean."""
    mirror = provider.fetch(UV)
    plan = offline_plan()
    with Emulator(directory / "emulator", services=SERVICES) as emulator:
        root = provider.root(emulator.url, load().region)
        configuration = directory / "main.tf.json"
        configuration.write_text(json.dumps(root), encoding="utf-8")
        terraform = Terraform(directory, mirror)
        terraform.run("init", "-input=false", "-no-color")
        flattener = Flattener(plan, terraform.schemas())
        flat = flattener.flatten()
        report(flat, len(flattener.changes))
        root["resource"] = flat.resources
        configuration.write_text(json.dumps(root, indent=1), encoding="utf-8")
        steps = (
            ("apply", ("apply", "-auto-approve", "-input=false", "-no-color"), (0,)),
            ("second plan", ("plan", "-detailed-exitcode", "-input=false", "-no-color"), (0,)),
            ("destroy", ("destroy", "-auto-approve", "-input=false", "-no-color"), (0,)),
        )
        for name, arguments, accepted in steps:
            started = time.monotonic()
            output = terraform.run(*arguments, accepted=accepted)
            words = [
                line for line in output.splitlines() if "complete!" in line or "No changes" in line
            ]
            print(
                f"{name:12} {time.monotonic() - started:5.1f} s  {words[-1] if words else ''}",
                flush=True,
            )


def main() -> int:
    """Rehearse in a temporary directory; return the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="terraform-emulator-") as name:
            rehearse(Path(name))
    except EmulationError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
