"""Which LocalStack is run, and what is said where none can be; the image on a stand-in for docker."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.configuration import REPOSITORY
from localcloud.errors import EnvironmentMissing
from localcloud.services.localstack import __main__ as command
from localcloud.services.localstack import choice, host_mode
from localcloud.services.localstack.host_mode import HostMode
from localcloud.services.localstack.image import Image
from localcloud.services.localstack.server import pinned_image, version
from tests.localcloud.support.deployment import eventually

# Writes down how it is called; `run` lasts until SIGTERM, which docker passes on to the container.
DOCKER = f"""#!{sys.executable}
import os, signal, sys, time
with open(os.environ["DOCKER_CALLS"], "a", encoding="utf-8") as calls:
    calls.write(" ".join(sys.argv[1:]) + chr(10))
if " ".join(sys.argv[1:]).startswith(os.environ.get("DOCKER_FAILS", "-")):
    sys.exit("said by docker")
if sys.argv[1] == "run":
    def end(*_):
        with open(os.environ["DOCKER_CALLS"], "a", encoding="utf-8") as calls:
            calls.write("SIGTERM" + chr(10))
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    time.sleep(600)
"""
Calls = Callable[[], list[str]]


@pytest.fixture(name="docker")
def docker_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A docker on PATH whose engine answers; returns how it was called."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER, encoding="utf-8")
    program.chmod(0o755)
    calls = tmp_path / "calls"
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CALLS", str(calls))
    calls.touch()
    return lambda: calls.read_text(encoding="utf-8").splitlines()


@pytest.fixture(name="no_programs")
def no_programs_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as PATH."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_everything_is_of_the_pinned_version() -> None:
    """GIVEN the image of docker-compose.yaml THEN host mode's lock is of the same version, by hash,
    naming no index, and Kinesis is pinned with its hash."""
    assert re.fullmatch(r"localstack/localstack:[\d.]+@sha256:[0-9a-f]{64}", pinned_image())
    lock = (REPOSITORY / "localcloud" / "requirements-localstack.txt").read_text(encoding="utf-8")
    assert f"localstack-core=={version()} " in lock
    assert len(re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==", lock, re.MULTILINE)) < lock.count(
        "--hash=sha256:"
    )
    assert "http" not in lock
    folder = Path(host_mode.__file__).parent
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert packages["node_modules/kinesis-local"]["version"] == wanted["kinesis-local"]
    assert all(
        found["integrity"].startswith("sha512-") and "resolved" not in found
        for name, found in packages.items()
        if name
    )


def test_the_image_where_an_engine_answers(docker: Calls) -> None:
    assert choice.choose() is Image
    assert docker() == ["version", f"image inspect {pinned_image()}"]


def test_the_image_is_pulled_where_it_is_not_there(
    docker: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_FAILS", "image inspect")
    assert choice.choose() is Image
    assert docker()[-1] == f"pull --quiet {pinned_image()}"


@pytest.mark.usefixtures("docker")
def test_host_mode_where_no_engine_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN a docker without an engine WHEN host mode can be had THEN it is that, and one is told."""
    monkeypatch.setenv("DOCKER_FAILS", "version")
    monkeypatch.setattr(HostMode, "prepare", classmethod(lambda cls: None))
    assert choice.choose() is HostMode
    assert "not its image: no Docker engine answers (said by docker)" in capsys.readouterr().out


def test_the_container_is_on_loopback_and_goes(docker: Calls, tmp_path: Path) -> None:
    """GIVEN a started container WHEN it is stopped THEN it was published on loopback alone, with
    compose's settings, SIGTERM reached it, and it is removed by its name."""
    server = Image(tmp_path / "state")
    server.launch()
    eventually(lambda: any(call.startswith("run") for call in docker()))
    server.stop()
    run, ended, removed = docker()
    assert f"--publish=127.0.0.1:{server.port}:4566 {pinned_image()}" in run
    assert "--rm --init" in run and "--env=SERVICES=kinesis,s3,sqs,ses,sts" in run
    compose = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
    for setting in ("SERVICES", "DISABLE_EVENTS", "KINESIS_LATENCY"):
        (value,) = re.findall(rf'{setting}: "?([\w,]+)', compose)
        assert f"--env={setting}={value}" in run
    name = run.split("--name ")[1].split()[0]
    assert (ended, removed) == ("SIGTERM", f"rm --force {name}")


def test_what_is_missing_is_one_sentence(
    no_programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN a machine with neither docker nor node WHEN LocalStack is wanted THEN it says so, with
    an exit code of its own and no traceback."""
    assert no_programs.is_dir()
    monkeypatch.setattr(sys, "argv", ["localstack", "check"])
    assert command.main() == command.IMPOSSIBLE
    said = capsys.readouterr().err
    assert said == (
        "error: no Docker engine answers (there is no docker); LocalStack without Docker cannot be"
        " had here: node is not on PATH (Debian: apt-get install nodejs npm)\n"
    )


def test_a_python_that_is_missing_is_named(
    no_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN node but no Python that will do WHEN it is prepared THEN setup's sentence is passed on."""
    node = no_programs / "node"
    node.write_text("#!/bin/sh\n", encoding="utf-8")
    node.chmod(0o755)
    setup = no_programs / "setup"
    setup.write_text(
        "#!/bin/sh\necho 'setup failed: localstack needs Python 3.13' >&2\nexit 1\n",
        encoding="utf-8",
    )
    setup.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(setup))
    with pytest.raises(
        EnvironmentMissing, match="cannot be had here: localstack needs Python 3.13"
    ):
        HostMode.prepare()


@pytest.mark.parametrize("code", [0, 7])
def test_a_given_endpoint_is_used_and_the_exit_code_passed_on(
    code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """GIVEN an endpoint WHEN a command is run THEN it finds it, and its exit code is the answer."""
    script = f"import os, sys; print(os.environ['AWS_ENDPOINT_URL']); sys.exit({code})"
    given = ["localstack", "run", "--endpoint", "http://127.0.0.1:1", "--"]
    monkeypatch.setattr(sys, "argv", [*given, sys.executable, "-c", script])
    assert command.main() == code
    assert capfd.readouterr().out == "AWS: http://127.0.0.1:1, as given\nhttp://127.0.0.1:1\n"
