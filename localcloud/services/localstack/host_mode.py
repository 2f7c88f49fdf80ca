"""LocalStack without Docker: its own Python 3.13 environment, and its Kinesis from npm."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import REPOSITORY
from localcloud.errors import EnvironmentMissing
from localcloud.process import Process
from localcloud.service import base_environment, python_of
from localcloud.services.localstack.server import LocalStack

_HERE = Path(__file__).parent
_COMPONENT = "localstack"
# Inside the environment, so that it is made anew with it.
_PACKAGES = Path("lib", "kinesis")
_PLACE = Path("usr", "lib", "localstack", "kinesis-local")
"""Where LocalStack looks for it, by version."""
# The locked files are those of the default index; a private one may hold others of the same version.
_DEFAULT_INDEX = {"UV_INDEX": "", "UV_FIND_LINKS": ""}
_REFUSED = "LocalStack without Docker cannot be had here: "


def _kinesis_version() -> str:
    package = json.loads((_HERE / "package.json").read_text(encoding="utf-8"))
    return str(package["dependencies"]["kinesis-local"])


def _install_python() -> None:
    command = [sys.executable, "-m", "localcloud.environment", _COMPONENT]
    said = []
    for settings in (_DEFAULT_INDEX, {}):
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **settings},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return
        said.append(done.stderr.strip())
    raise EnvironmentMissing(_REFUSED + said[-1].removeprefix("setup failed: "))


def _install_kinesis(folder: Path) -> None:
    if (folder / "node_modules" / "kinesis-local" / "main.js").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise EnvironmentMissing(f"{_REFUSED}npm is not on PATH (Debian: apt-get install npm)")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_HERE / name, folder / name)
    # Checked against the hashes of package-lock.json; nothing of it is run.
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        end = "\n".join(done.stdout.strip().splitlines()[-8:])
        raise EnvironmentMissing(f"{_REFUSED}npm does not install kinesis-local:\n{end}")


class HostMode(LocalStack):
    """LocalStack as a process of this machine, all of it on loopback."""

    how = "host mode (no Docker)"

    @classmethod
    def prepare(cls) -> None:
        if shutil.which("node") is None:
            raise EnvironmentMissing(
                f"{_REFUSED}node is not on PATH (Debian: apt-get install nodejs npm)"
            )
        _install_python()
        _install_kinesis(_environment() / _PACKAGES)

    def build(self, variables: Mapping[str, str]) -> Process:
        root = self.directory / "root"
        place = root / _PLACE / _kinesis_version()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(_environment() / _PACKAGES)
        environment = base_environment(
            **self.settings(),
            GATEWAY_LISTEN=f"127.0.0.1:{self.port}",
            FILESYSTEM_ROOT=str(root),
            # In a container it takes the machine for its own image: it would write to /etc and
            # /var, and delete /tmp/localstack.
            OVERRIDE_IN_DOCKER="0",
            # It writes every stream to one file every five seconds, and nothing outlives it anyway.
            KINESIS_PERSISTENCE="0",
            NODE_OPTIONS=f"--require {json.dumps(str(_HERE / 'loopback.js'))}",
        )
        # AWS_ENDPOINT_URL would turn it into its own client.
        environment.pop("AWS_ENDPOINT_URL", None)
        return Process(
            self.name,
            [python_of(_COMPONENT), "-I", _HERE / "launcher.py"],
            log=self.log,
            environment=environment,
            cwd=self.directory,
            grace_seconds=20,
        )


def _environment() -> Path:
    return python_of(_COMPONENT).parents[1]
