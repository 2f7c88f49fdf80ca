"""AWS, GitHub, Terraform and the service behind their command lines, with the rules that bite.

A tag is immutable, a saved plan goes stale, an image that does not start is rolled back by ECS, an
attestation counts for its own digest and commit only, the deploy role removes no service. What the
release tool calls is answered here, argument by argument; what it should never call is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.infrastructure.support.account import FARGATE, HOST, Account, Refused

GITHUB = "school/student-performance"


def digest_of(content: str) -> str:
    """Return the digest of an image whose manifest is this text."""
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


class Vendors(Account):  # pylint: disable=too-many-instance-attributes
    """One AWS account with one environment, and GitHub's attestations."""

    def __init__(self, environment: str, buckets: dict[str, str], switched_on: bool) -> None:
        super().__init__(environment, buckets)
        self.services_on = switched_on
        self.pushes: list[tuple[str, str]] = []
        self.attested: set[tuple[str, str]] = set()
        self.outputs: dict[str, str] = {}
        self.silent: set[str] = set()
        self.refusing: set[str] = set()
        self.faults: list[str] = []
        self.administrator = False
        self._serial = 0
        self._plan: dict[str, Any] = {}
        self._logged_in = False

    def build(self, folder: Path, component: str, commit: str, variant: str = "") -> str:
        """Build an image as the workflow does: an archive and its attestation."""
        folder.mkdir(parents=True, exist_ok=True)
        content = f"{component} of {commit} {variant}"
        (folder / f"{component}.tar").write_text(content, "utf-8")
        self.attested.add((digest_of(content), commit))
        return digest_of(content)

    def publish_champion(self) -> None:
        """Publish a model."""
        self.objects[f"{self.buckets['model']}/models/student-performance/champion.json"] = "{}"

    def run(self, command: Sequence[str], **options: Any) -> CompletedProcess[str]:
        """Stand in for subprocess.run."""
        programs: dict[str, Callable[[list[str], Mapping[str, str]], str]] = {
            "aws": self.aws,
            "gh": self._gh,
            "skopeo": self._skopeo,
            "terraform": self._terraform,
            "python3": self._client,
        }
        try:
            said = programs[command[0]](list(command[1:]), options.get("env") or {})
        except Refused as refusal:
            return CompletedProcess(command, 1, "", str(refusal))
        return CompletedProcess(command, 0, said, "")

    def _fails(self, fault: str) -> bool:
        if fault in self.faults:
            self.faults.remove(fault)
            return True
        return False

    # --- Images

    def _skopeo(self, words: list[str], environment: Mapping[str, str]) -> str:
        assert environment["REGISTRY_AUTH_FILE"].startswith(environment["DOCKER_CONFIG"])
        if words[0] == "login":
            self._logged_in = True
            return ""
        assert words[0] == "copy" and "--preserve-digests" in words and self._logged_in
        source, destination = words[-2:]
        if source.startswith("docker://"):
            content = self.images[source.partition("@")[2]]
            Path(destination.removeprefix("oci-archive:")).write_text(content, "utf-8")
            return ""
        name, _, tag = destination.removeprefix(f"docker://{HOST}/").partition(":")
        content = Path(source.removeprefix("oci-archive:")).read_text("utf-8")
        if self._fails("push"):
            raise Refused("writing blob: connection reset by peer")
        if tag in self.repositories[name]:
            raise Refused(f"tag invalid: The image tag '{tag}' already exists and is immutable")
        digest = digest_of(content)
        self.images[digest] = content
        self.repositories[name][tag] = digest
        self.pushes.append((name, tag))
        if self._fails("push answer"):
            raise Refused("unexpected EOF")
        return ""

    def _gh(self, words: list[str], environment: Mapping[str, str]) -> str:
        assert words[:2] == ["attestation", "verify"] and "--deny-self-hosted-runners" in words
        assert environment["DOCKER_CONFIG"] and self._logged_in
        option = dict(zip(words[3::2], words[4::2], strict=False))
        digest = words[2].partition("@")[2]
        known = (digest, option["--source-digest"]) in self.attested
        own = option["--repo"] == GITHUB
        if not (
            known and own and option["--signer-workflow"] == f"{GITHUB}/.github/workflows/cd.yaml"
        ):
            raise Refused("no matching attestations found")
        return ""

    # --- Terraform

    def _terraform(self, words: list[str], _: Mapping[str, str]) -> str:
        assert words[0].startswith("-chdir=")
        verb, options = words[1], words[2:]
        if verb == "plan":
            given = next(word for word in options if word.startswith("-var=image_digests="))
            digests = json.loads(given.partition("digests=")[2])
            only = "-target=module.registry" in options
            self._plan = {"digests": digests, "only_registry": only, "serial": self._serial}
        elif verb == "apply":
            assert options[-1] == "plan.bin" and "-auto-approve" not in options
            self._apply()
        elif verb == "show":
            return json.dumps(self._shown_plan() if options[-1] == "plan.bin" else self._state())
        return ""

    def _wanted(self) -> list[str]:
        return list(FARGATE) if self.services_on else []

    def _shown_plan(self) -> Any:
        changes = [self._change("module.inference[0]", "aws_lambda_function", **self._function())]
        for name in self._wanted():
            module = "monitoring" if name in ("monitoring", "grafana") else "training"
            made = name in self.tasks or self.administrator
            changes += [
                self._change(f"module.{module}[0]", "aws_ecs_service", new=not made, after={}),
                self._change(f"module.{module}[0]", "aws_ecs_task_definition", new=True, after={}),
            ]
        return {"resource_changes": [] if self._plan["only_registry"] else changes}

    def _change(self, module: str, kind: str, new: bool = False, **sides: Any) -> Any:
        actions = ["create"] if new else ["update"]
        sides = {**sides, "after": sides["after"] or {"name": kind}}
        return {
            "address": f"{module}.{kind}.this",
            "type": kind,
            "change": {"actions": actions, **sides},
        }

    def _function(self) -> Any:
        before = {"reserved_concurrent_executions": self.reserved} if self.function else None
        return {"before": before, "after": {"reserved_concurrent_executions": 2}}

    def _apply(self) -> None:
        if self._plan["serial"] != self._serial:
            raise Refused("Saved plan is stale")
        self._serial += 1
        if self._plan["only_registry"]:
            for component in {"inference", *FARGATE.values()}:
                self.repositories.setdefault(f"{self.name}/{component}", {})
            return
        digests = self._plan["digests"]
        # Outputs are written with the rest of the state, also when the apply fails half-way.
        self.outputs = digests
        for digest in digests.values():
            if digest not in self.images:
                raise Refused(f"InvalidParameterValueException: no image {digest}")
        self.function = digests["inference"]
        self.reserved = 2
        if self._fails("apply"):
            raise Refused("Error: updating ECS Service: ThrottlingException")
        for name in self._wanted():
            if FARGATE[name] not in digests:
                raise Refused("AccessDeniedException: ecs:DeleteService")
            if name not in self.tasks and not self.administrator:
                raise Refused("AccessDeniedException: ecs:CreateService")
            revisions = self.tasks.setdefault(name, [])
            if not revisions or revisions[-1] != digests[FARGATE[name]]:
                revisions.append(digests[FARGATE[name]])
            self.primary[name] = len(revisions) - 1

    def _state(self) -> Any:
        resources = [
            {
                "type": "aws_ecs_service",
                "values": {
                    "cluster": f"{self.name}-cluster",
                    "name": f"{self.name}-{name}",
                    "task_definition": self.arn(name, len(tasks) - 1),
                },
            }
            for name, tasks in self.tasks.items()
        ]
        return {"values": {"root_module": {"child_modules": [{"resources": resources}]}}}

    # --- The service itself

    def _client(self, words: list[str], environment: Mapping[str, str]) -> str:
        assert words[:3] == ["-m", "inference.client", "put-record"]
        assert Path(words[3]).is_file() and environment["STUDENTS_STREAM_NAME"].startswith(
            self.name
        )
        champion = f"{self.buckets['model']}/models/student-performance/champion.json"
        if champion not in self.objects or self.function in self.silent:
            raise Refused("error: no answer within 100 seconds; is it running?")
        if self.function in self.refusing:
            return json.dumps({"status": "rejected", "errors": [{"code": "model_failed"}]})
        return json.dumps({"status": "ok"})
