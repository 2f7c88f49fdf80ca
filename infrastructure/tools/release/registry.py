"""The commit's images in the environment's registry: found, pushed once, vouched for."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from infrastructure.tools.release.errors import ImageError, ProgramError, ReleaseError
from infrastructure.tools.release.program import aws, run
from infrastructure.tools.release.target import DOCKERFILES, Target

MEDIA_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""A plain manifest: Lambda takes no image index."""

BUILDER = ".github/workflows/cd.yaml"
"""The workflow whose attestation counts."""


class Registry:
    """ECR. Use as a context manager; the log-in ends with it."""

    def __init__(self, target: Target) -> None:
        if not target.commit or not target.github_repository:
            raise ReleaseError("GITHUB_SHA and GITHUB_REPOSITORY must name what is released")
        self._target = target
        self._addresses: dict[str, str] = {}
        self._login: dict[str, str] = {}
        # skopeo and gh read the log-in from the same file.
        self._folder = tempfile.mkdtemp(prefix="registry-")

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder)

    def address(self, component: str) -> str | None:
        """Return where the component's images are, or None before the registry is made."""
        if component not in self._addresses:
            found = _there(
                "ecr", "describe-repositories", "--repository-names", self._name(component)
            )
            if found is None:
                return None
            self._addresses[component] = found["repositories"][0]["repositoryUri"]
        return self._addresses[component]

    def digest(self, component: str) -> str | None:
        """Return the digest that the commit's tag stands for, or None."""
        found = _there(
            "ecr",
            "batch-get-image",
            "--repository-name",
            self._name(component),
            "--image-ids",
            f"imageTag={self._target.commit}",
            "--accepted-media-types",
            *MEDIA_TYPES,
        )
        images = found["images"] if found else []
        return str(images[0]["imageId"]["imageDigest"]) if images else None

    def promote(self, component: str, archives: Path) -> str:
        """Return the digest of the commit's image, verified; it is pushed only where it lacks."""
        digest = self.digest(component) or self._push(component, archives)
        self._verify(component, digest)
        return digest

    def fetch(self, component: str, archives: Path) -> str:
        """Write the commit's image to an archive, for the next environment; return its digest."""
        digest = self.digest(component)
        if digest is None:
            raise ImageError(f"{component}: the registry holds no image of {self._target.commit}")
        archives.mkdir(parents=True, exist_ok=True)
        archive = archives / f"{component}.tar"
        archive.unlink(missing_ok=True)
        self._skopeo(
            "copy", f"docker://{self.address(component)}@{digest}", f"oci-archive:{archive}"
        )
        return digest

    def _name(self, component: str) -> str:
        return f"{self._target.name}/{component}"

    def _push(self, component: str, archives: Path) -> str:
        archive = archives / f"{component}.tar"
        if not archive.is_file():
            raise ImageError(
                f"{component}: no image of {self._target.commit} in the registry or in {archives};"
                " run the workflow from its start"
            )
        where = f"docker://{self.address(component)}:{self._target.commit}"
        try:
            self._skopeo("copy", f"oci-archive:{archive}", where)
        except ProgramError:
            # Tags are immutable: another run of the same commit may have been first.
            if self.digest(component) is None:
                raise
        digest = self.digest(component)
        if digest is None:
            raise ImageError(f"{component}: pushed, and the registry does not hold it")
        return digest

    def _verify(self, component: str, digest: str) -> None:
        """Refuse an image that this repository's workflow did not build from this commit."""
        self._log_in()
        repository = self._target.github_repository
        command = ["gh", "attestation", "verify", f"oci://{self.address(component)}@{digest}"]
        command += ["--repo", repository, "--signer-workflow", f"{repository}/{BUILDER}"]
        command += ["--source-digest", self._target.commit, "--deny-self-hosted-runners"]
        try:
            run(*command, environment=self._login)
        except ProgramError as error:
            raise ImageError(f"{component}@{digest} is not vouched for: {error}") from error

    def _skopeo(self, verb: str, source: str, destination: str) -> None:
        self._log_in()
        run(
            "skopeo",
            verb,
            "--preserve-digests",
            "--retry-times",
            "3",
            source,
            destination,
            environment=self._login,
        )

    def _log_in(self) -> None:
        if self._login:
            return
        address = self.address(next(iter(DOCKERFILES))) or ""
        login = {
            "DOCKER_CONFIG": self._folder,
            "REGISTRY_AUTH_FILE": os.path.join(self._folder, "config.json"),
        }
        password = run("aws", "ecr", "get-login-password").strip()
        host = address.partition("/")[0]
        run(
            "skopeo",
            "login",
            "--username",
            "AWS",
            "--password-stdin",
            host,
            text=password,
            environment=login,
        )
        self._login = login


def _there(*command: str) -> Any:
    """Return ECR's answer, or None where there is no such repository."""
    try:
        return aws(*command)
    except ProgramError as error:
        if "RepositoryNotFoundException" in str(error):
            return None
        raise
