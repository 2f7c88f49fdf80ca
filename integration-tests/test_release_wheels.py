"""What the images install is there as a wheel for the architectures they are built on.

GIVEN the lock of every image and the Python and C library of its base
WHEN uv resolves it for arm64 (what is shipped) and x86_64 (a laptop), building nothing
THEN every package has a wheel.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.environment.installer import index_settings
from localcloud.service import python_of

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURES = ("aarch64", "x86_64")
BASES = {
    # The C library of Amazon Linux 2023 and of Debian 12.
    "public.ecr.aws/lambda/python:3.12": ("3.12", "manylinux_2_34"),
    "python:3.11-slim-bookworm": ("3.11", "manylinux_2_36"),
}
NO_INDEX = re.compile(r"dns error|error sending request|Connection refused|timed out", re.I)


def targets() -> list[tuple[str, str, str]]:
    """Return (lock, Python, C library) of every image that installs a whole lock."""
    found = []
    for dockerfile in sorted(ROOT.glob("[!.]*/**/Dockerfile")):
        text = dockerfile.read_text(encoding="utf-8")
        lock = re.search(r"^COPY (\S+/requirements\.txt) ", text, re.MULTILINE)
        base = re.search(r"^ARG BASE_IMAGE=([^@\s]+)", text, re.MULTILINE)
        if lock and base:
            found.append((lock[1], *BASES[base[1]]))
    return found


def test_every_image_is_looked_at() -> None:
    assert {lock.split("/", 1)[0] for lock, _, _ in targets()} >= {
        "inference",
        "monitoring",
        "orchestrator",
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("lock", "python", "library"), targets())
def test_every_package_has_a_wheel(
    lock: str, python: str, library: str, architecture: str, tmp_path: Path
) -> None:
    command = [str(python_of("").with_name("uv")), "pip", "install", "--dry-run"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", lock]
    command += ["--python-version", python, "--python-platform", f"{architecture}-{library}"]
    done = subprocess.run(
        [*command, "--target", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **index_settings(sys.executable)},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode and NO_INDEX.search(done.stderr):
        pytest.skip("no package index answers, and a lock does not name its files")
    assert done.returncode == 0, done.stderr
    assert "Would install" in done.stderr or "Would install" in done.stdout
