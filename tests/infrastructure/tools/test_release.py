"""Releases from the first to a rollback, against vendors that enforce their rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.tools.release import __main__ as release
from infrastructure.tools.release import program, rollout
from infrastructure.tools.release.target import DOCKERFILES
from tests.infrastructure.support.plans import INFRASTRUCTURE
from tests.infrastructure.support.vendors import GITHUB, Vendors

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40
STATE = {"stg": "student-performance-stg-state", "prod": "student-performance-prod-state"}


class Workflow:
    """What the cd workflow does, job by job, for one environment."""

    def __init__(self, environment: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        settings = json.loads(
            (INFRASTRUCTURE / f"vars/{environment}.tfvars.json").read_text("utf-8")
        )
        self.environment = environment
        self.vendors = Vendors(
            environment, {"model": settings["model_bucket_name"]}, settings["enable_monitoring"]
        )
        self.folder = folder
        self.outputs = folder / "outputs"
        self._patch = patch

    def command(self, commit: str, *words: str) -> int:
        """Run the tool as a step of the workflow."""
        self.outputs.write_text("", "utf-8")
        self._patch.setattr(program.subprocess, "run", self.vendors.run)
        self._patch.setattr(rollout.time, "sleep", lambda _: None)
        for name, value in {
            "ENVIRONMENT": self.environment,
            "GITHUB_SHA": commit,
            "GITHUB_REPOSITORY": GITHUB,
            "GITHUB_OUTPUT": str(self.outputs),
        }.items():
            self._patch.setenv(name, value)
        return release.main(list(words))

    def output(self, name: str) -> object:
        """Return what the step handed on."""
        lines = [line.partition("=") for line in self.outputs.read_text("utf-8").splitlines()]
        return json.loads({key: value for key, _, value in lines}[name])

    def build(self, commit: str, variant: str = "") -> Path:
        """Build what `find` says is missing, as the matrix does."""
        assert self.command(commit, "find") == 0
        archives = self.folder / f"images-{commit[:1]}{variant}"
        missing = self.output("missing")
        assert isinstance(missing, list)
        for item in missing:
            assert item["file"] == DOCKERFILES[item["component"]]
            self.vendors.build(archives, item["component"], commit, variant)
        return archives

    def release(self, commit: str, variant: str = "") -> int:
        """Build and deploy one commit; return the deployment's exit code."""
        return self.command(commit, "deploy", str(self.build(commit, variant)))

    def recorded(self) -> str | None:
        """Return the commit that stands as proven."""
        text = self.vendors.objects.get(f"{STATE[self.environment]}/serving.json")
        return None if text is None else json.loads(text)["commit"]

    def serves(self, commit: str) -> bool:
        """Whether every component that runs, runs this commit's image."""
        images = self.vendors.images
        running = self.vendors.serving()
        return bool(running) and all(f"of {commit} " in images[d] for d in running.values())


@pytest.fixture(name="staging")
def _staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    """An empty account with a champion to come."""
    return Workflow("stg", tmp_path, monkeypatch)


@pytest.fixture(name="production")
def _production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    """Everything switched on, one release proven."""
    found = Workflow("prod", tmp_path, monkeypatch)
    found.vendors.publish_champion()
    found.vendors.secrets = {"student-performance-prod-operator": {"v1": ["AWSCURRENT"]}}
    found.vendors.administrator = True
    assert found.release(ONE) == 0 and found.serves(ONE) and found.recorded() == ONE
    found.vendors.administrator = False
    return found


def test_the_first_release_makes_the_registry_and_waits_for_a_champion(
    staging: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert staging.release(ONE) == 0
    assert "no champion is published yet; bring one: make promote" in capsys.readouterr().out
    assert staging.output("proven") is False and staging.recorded() is None
    assert set(staging.vendors.repositories) == {
        f"student-performance-stg/{component}" for component in DOCKERFILES
    }
    staging.vendors.publish_champion()
    assert staging.release(ONE) == 0
    assert staging.output("proven") is True and staging.recorded() == ONE


def test_a_commit_is_built_and_pushed_once(production: Workflow) -> None:
    pushed = list(production.vendors.pushes)
    assert len(pushed) == len(set(pushed)) == len(DOCKERFILES)
    # A tag on the merged commit, and a run of it again: nothing to build, nothing to push.
    for _ in range(2):
        assert production.command(ONE, "find") == 0 and production.output("missing") == []
        assert production.release(ONE) == 0
    assert production.vendors.pushes == pushed


@pytest.mark.parametrize("fault", ["push", "push answer"])
def test_a_failed_push_is_made_good_by_the_next_run(production: Workflow, fault: str) -> None:
    vendors = production.vendors
    vendors.faults = [fault]
    first = production.release(TWO)
    # An answer that got lost is looked up; what did not arrive fails the release.
    assert first == (fault == "push") and production.serves(ONE if first else TWO)
    # The next run builds what lacks anew, with another digest; what was pushed stays what it is.
    before = {name: tags.get(TWO) for name, tags in vendors.repositories.items()}
    assert production.release(TWO, "again") == 0 and production.serves(TWO)
    after = {name: tags.get(TWO) for name, tags in vendors.repositories.items()}
    assert all(after[name] == digest for name, digest in before.items() if digest)
    assert len(vendors.pushes) == len(set(vendors.pushes)) and production.recorded() == TWO


def test_two_runs_of_one_commit_use_the_image_that_came_first(production: Workflow) -> None:
    mine = production.build(TWO, "mine")
    assert production.command(TWO, "deploy", str(production.build(TWO, "theirs"))) == 0
    theirs = dict(production.vendors.serving())
    assert production.command(TWO, "deploy", str(mine)) == 0
    assert production.vendors.serving() == theirs


def test_a_rollback_promotes_what_was_built_then(production: Workflow) -> None:
    then = production.vendors.serving()
    assert production.release(TWO) == 0 and production.serves(TWO)
    assert production.release(ONE) == 0
    assert production.vendors.serving() == then and production.recorded() == ONE
    assert len(production.vendors.pushes) == 2 * len(DOCKERFILES)


def test_an_image_nobody_vouches_for_changes_nothing(production: Workflow) -> None:
    archives = production.build(TWO)
    (archives / "grafana.tar").write_text("of somebody else", "utf-8")
    assert production.command(TWO, "deploy", str(archives)) == 1
    assert production.serves(ONE) and production.recorded() == ONE
    # Nor does one of another commit under this commit's tag.
    production.vendors.repositories["student-performance-prod/grafana"][THREE] = (
        production.vendors.repositories["student-performance-prod/grafana"][ONE]
    )
    assert production.release(THREE) == 1 and production.serves(ONE)


@pytest.mark.parametrize(
    "failure", ["apply", "silent", "refusing", *sorted(set(DOCKERFILES) - {"inference"})]
)
def test_a_failed_release_leaves_the_old_one_serving_and_known(
    production: Workflow, failure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    vendors = production.vendors
    archives = production.build(TWO)
    digests = {name: vendors.build(archives, name, TWO) for name in DOCKERFILES}
    if failure == "apply":
        vendors.faults = ["apply"]
    elif failure in DOCKERFILES:
        vendors.broken = {digests[failure]}
    else:
        setattr(vendors, failure, {digests["inference"]})
    assert production.command(TWO, "deploy", str(archives)) == 1
    assert production.serves(ONE) and production.recorded() == ONE
    assert f"{ONE} serves again" in capsys.readouterr().err
    # And the next one is not held up by it.
    assert production.release(THREE) == 0 and production.serves(THREE)


def test_no_answer_before_anything_was_proven_is_said(
    staging: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    staging.vendors.publish_champion()
    archives = staging.build(ONE)
    staging.vendors.silent = {staging.vendors.build(archives, "inference", ONE)}
    assert staging.command(ONE, "deploy", str(archives)) == 1
    said = capsys.readouterr().err
    assert "no answer within" in said and "nothing was proven before" in said
    assert staging.recorded() is None


def test_production_gets_the_bytes_that_staging_proved(
    staging: Workflow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    staging.vendors.publish_champion()
    assert staging.release(ONE) == 0
    proven = tmp_path / "proven"
    assert staging.command(ONE, "fetch", str(proven)) == 0
    production = Workflow("prod", tmp_path, monkeypatch)
    production.vendors.attested = staging.vendors.attested
    production.vendors.publish_champion()
    production.vendors.secrets = {"student-performance-prod-operator": {"v1": ["AWSCURRENT"]}}
    # Services are made by an administrator, with the command line that the refusal gives.
    assert production.command(ONE, "deploy", str(proven)) == 1
    said = capsys.readouterr().err
    assert "module.monitoring[0].aws_ecs_service" in said and production.vendors.serving() == {}
    production.vendors.administrator = True
    command = said.partition("DIGESTS='")[2].partition("'")[0]
    digests = {name: tags[ONE] for name, tags in production.vendors.repositories.items()}
    assert sorted(json.loads(command).values()) == sorted(digests.values())
    assert production.command(ONE, "deploy", str(proven)) == 0
    digests = {name: tags[ONE] for name, tags in production.vendors.repositories.items()}
    assert sorted(digests.values()) == sorted(
        tags[ONE] for tags in staging.vendors.repositories.values()
    )


@pytest.mark.parametrize(
    ("limit", "secrets", "word"),
    [
        (10, {"student-performance-prod-operator": {"v1": ["AWSCURRENT"]}}, "can give 0"),
        (1000, {}, "holds no passwords"),
        (1000, {"student-performance-prod-operator": {}}, "holds no passwords"),
    ],
)
def test_an_account_that_is_not_ready_is_told_before_the_apply(
    limit: int,
    secrets: dict[str, dict[str, list[str]]],
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    production = Workflow("prod", tmp_path, monkeypatch)
    production.vendors.limit, production.vendors.secrets = limit, secrets
    assert production.release(ONE) == 1
    assert word in capsys.readouterr().err
    assert production.vendors.serving() == {}


def test_what_serves_is_read_from_the_record(
    production: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    production.vendors.outputs = {"inference": "half-done"}
    capsys.readouterr()
    assert production.command(TWO, "serving") == 0
    assert json.loads(capsys.readouterr().out) == production.vendors.serving()


@pytest.mark.parametrize("environment", ["", "../prod", "nowhere"])
def test_an_environment_that_is_none_is_refused(
    environment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    assert release.main(["serving"]) == 1
    assert capsys.readouterr().err.startswith("release: ")
