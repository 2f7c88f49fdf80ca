"""The command line of promotion: what it takes, what it says, and its exit codes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator import promote
from orchestrator.environments import ROOT, Environment
from orchestrator.training.data.students import Students
from orchestrator.training.errors import ServiceError
from orchestrator.training.release.delivery import Arrival, Target
from orchestrator.training.release.publication import BundleStore
from tests.orchestrator.support import versions
from tests.orchestrator.support.bucket import FakeBucket, store_over

REQUEST = "7bf73129"


@pytest.fixture(name="folder")
def _folder(students: Students, tmp_path: Path) -> Path:
    """A directory that carries version 3 of the local environment."""
    promote.write(tmp_path / "carried", versions.parcel(students, "3"))
    return tmp_path / "carried"


@pytest.fixture(name="models")
def _models() -> FakeBucket:
    return FakeBucket()


@pytest.fixture(name="artifacts")
def _artifacts(models: FakeBucket, monkeypatch: pytest.MonkeyPatch) -> FakeBucket:
    """The buckets of whatever environment is entered."""
    bucket = FakeBucket()
    bundles = BundleStore(store_over(models), versions.MODEL)
    target = Target(versions.MODEL, bundles, store_over(bucket), None)
    monkeypatch.setattr(Target, "open", classmethod(lambda cls: target))
    monkeypatch.setattr(promote, "PAUSE_SECONDS", 0.0)
    return bucket


@pytest.mark.usefixtures("artifacts")
def test_where_nothing_trains_the_caller_publishes(folder: Path, capsys: Any) -> None:
    command = ["--from", f"{folder}/", "--to", "stg"]
    assert promote.main(command) == 0 == promote.main(command)
    shown = capsys.readouterr().out
    assert "local/3 is the champion now, as version 3." in shown
    assert "Already there: local/3 is the champion, as version 3." in shown


@pytest.mark.usefixtures("artifacts")
def test_a_refusal_is_an_exit_code(tmp_path: Path, students: Students, capsys: Any) -> None:
    poor = promote.Parcel("stg", versions.version(students, "3", score=0.2))
    promote.write(tmp_path, poor)
    assert promote.main(["--from", f"{tmp_path}/", "--to", "stg"]) == 1
    assert "Refused: stg/3" in capsys.readouterr().out


def test_where_it_trains_its_own_task_takes_it(
    folder: Path,
    models: FakeBucket,
    artifacts: FakeBucket,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    """The caller writes what it sends, asks, and waits; the task alone publishes."""

    def ask(source: str) -> str:
        assert source == "student-performance-prod" and not models.objects
        assert artifacts.order[-1] == "incoming/request.json"
        assert promote.main(["--received", "--request-id", REQUEST]) == 0
        return REQUEST

    monkeypatch.setattr(promote, "ask", ask)
    assert promote.main(["--from", f"{folder}/", "--to", "prod"]) == 0
    assert "local/3 is the champion now" in capsys.readouterr().out
    assert json.loads(artifacts.objects[f"outcomes/{REQUEST}.json"])["moved"] is True
    assert f"models/{versions.MODEL}/champion.json" in models.objects


def test_an_error_of_the_task_is_told(
    folder: Path, artifacts: FakeBucket, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def ask(_: str) -> str:
        artifacts.objects["incoming/model.onnx"] = b"damaged"
        assert promote.main(["--received", "--request-id", REQUEST]) == 1
        return REQUEST

    monkeypatch.setattr(promote, "ask", ask)
    assert promote.main(["--from", f"{folder}/", "--to", "prod"]) == 1
    assert "prod says bundle: version 3: model.onnx does not match" in capsys.readouterr().err


@pytest.mark.usefixtures("artifacts")
def test_no_word_is_an_error_in_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(promote, "ask", lambda _: REQUEST)
    monkeypatch.setattr(promote, "PATIENCE_SECONDS", -1.0)
    assert promote.main(["--from", f"{folder}/", "--to", "prod"]) == 1
    assert "/ecs/student-performance-prod-mage" in capsys.readouterr().err


def test_an_event_that_is_not_taken_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Events:
        """EventBridge answers 200 for an entry that it refused."""

        @staticmethod
        def put_events(**_: Any) -> dict[str, Any]:
            """Refuse."""
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X", "ErrorMessage": "full"}]}

    monkeypatch.setattr(promote.boto3, "client", lambda name: Events())
    with pytest.raises(ServiceError, match="full"):
        promote.ask("student-performance-prod")


def test_a_version_is_written_into_a_directory(
    students: Students, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = versions.parcel(students, "3", origin="stg")
    monkeypatch.setattr(promote, "fetch", lambda *_: sent)
    folder = tmp_path / "out"
    assert promote.main(["--from", "stg", "--to", f"{folder}/", "--version", "3"]) == 0
    monkeypatch.undo()
    assert promote.fetch(f"{folder}/", "") == sent


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["--from", "stg", "--to", "prod"],
        ["--from", "stg", "--to", "stg", "--version", "3"],
        ["--to", "prod", "--version", "3"],
        ["--received"],
        ["--from", "stg", "--to", "prod", "--version", "3", "--request-id", "x"],
    ],
)
def test_what_cannot_be_meant_is_refused(command: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        promote.main(command)
    assert ended.value.code == 2 and capsys.readouterr().err


def test_the_workflow_runs_these_commands() -> None:
    """Read by the source's role, published by the target's: a GitHub environment each."""
    path = ROOT / ".github" / "workflows" / "promote.yaml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    fetching, promoting = jobs["fetch"], jobs["promote"]
    assert fetching["environment"] == "${{ inputs.from }}-promote"
    assert promoting["environment"] == "${{ inputs.to }}-promote"
    (one,), (other,) = (
        [s["run"] for s in job["steps"] if "orchestrator.promote" in s.get("run", "")]
        for job in (fetching, promoting)
    )
    words = shlex.split(one.split("orchestrator.promote")[1])
    options = promote.parse(words)
    assert (options.source, options.target, options.version) == ("$FROM", "carried/", "$VERSION")
    options = promote.parse(shlex.split(other.split("orchestrator.promote")[1].split("|")[0]))
    assert (options.source, options.target) == ("carried/", "$TO")


def test_what_trains_says_what_became_of_it(capsys: Any) -> None:
    assert promote.report(Arrival("stg/7", True, True, "12", "11", ["Good."])) == 0
    assert "- Good.\nstg/7 is the champion now, as version 12." in capsys.readouterr().out
    assert Environment.named("prod").trains
