"""An AWS account behind its command line: what the release tool asks of ECR, S3, ECS and others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
FARGATE = {
    "monitoring": "monitoring",
    "grafana": "grafana",
    "mage": "orchestrator",
    "mlflow": "mlflow",
}


class Refused(Exception):
    """A vendor says no; the text is what it prints."""


class Account:  # pylint: disable=too-many-instance-attributes
    """One environment: what is in it, and what its command line answers."""

    def __init__(self, environment: str, buckets: dict[str, str]) -> None:
        self.name = f"student-performance-{environment}"
        self.buckets = buckets
        self.repositories: dict[str, dict[str, str]] = {}
        self.images: dict[str, str] = {}
        self.objects: dict[str, str] = {}
        self.secrets: dict[str, dict[str, list[str]]] = {}
        self.limit, self.reserved = 1000, 0
        self.function: str | None = None
        self.tasks: dict[str, list[str]] = {}
        self.primary: dict[str, int] = {}
        self.polls = 0
        self.broken: set[str] = set()

    def serving(self) -> dict[str, str]:
        """Return the digest that runs, by component."""
        found = {FARGATE[name]: tasks[self.primary[name]] for name, tasks in self.tasks.items()}
        return {**found, **({"inference": self.function} if self.function else {})}

    def aws(self, words: list[str], _: Mapping[str, str]) -> str:
        """Answer one command of AWS's command line."""
        service, action = words[0], words[1]
        options = {
            word: [value for value in words[index + 1 :] if not value.startswith("--")]
            for index, word in enumerate(words)
            if word.startswith("--")
        }
        if (service, action) == ("ecr", "get-login-password"):
            return "password\n"
        actions = {
            "ecr describe-repositories": self._repositories,
            "ecr batch-get-image": self._image,
            "s3api list-objects-v2": self._objects,
            "lambda get-account-settings": self._account,
            "secretsmanager describe-secret": self._secret,
            "ecs describe-services": self._services,
        }
        if service == "s3api" and action in ("get-object", "put-object"):
            return json.dumps(self._object(action, options, words))
        return json.dumps(actions[f"{service} {action}"]({k: v[0] for k, v in options.items()}))

    def _repository(self, name: str) -> dict[str, str]:
        if name not in self.repositories:
            raise Refused(f"An error occurred (RepositoryNotFoundException): '{name}'")
        return self.repositories[name]

    def _repositories(self, options: dict[str, str]) -> Any:
        self._repository(options["--repository-names"])
        return {"repositories": [{"repositoryUri": f"{HOST}/{options['--repository-names']}"}]}

    def _image(self, options: dict[str, str]) -> Any:
        tag = options["--image-ids"].removeprefix("imageTag=")
        digest = self._repository(options["--repository-name"]).get(tag)
        return {"images": [{"imageId": {"imageDigest": digest, "imageTag": tag}}] if digest else []}

    def _objects(self, options: dict[str, str]) -> Any:
        start = f"{options['--bucket']}/{options['--prefix']}"
        return {"Contents": [{"Key": key} for key in self.objects if key.startswith(start)]}

    def _object(self, action: str, options: dict[str, list[str]], words: list[str]) -> Any:
        key = f"{options['--bucket'][0]}/{options['--key'][0]}"
        if action == "put-object":
            self.objects[key] = Path(options["--body"][0]).read_text("utf-8")
            return {}
        if key not in self.objects:
            raise Refused("An error occurred (NoSuchKey) when calling the GetObject operation")
        Path(words[words.index("--key") + 2]).write_text(self.objects[key], "utf-8")
        return {}

    def _account(self, _: dict[str, str]) -> Any:
        unreserved = self.limit - self.reserved
        return {
            "AccountLimit": {
                "ConcurrentExecutions": self.limit,
                "UnreservedConcurrentExecutions": unreserved,
            }
        }

    def _secret(self, options: dict[str, str]) -> Any:
        name = options["--secret-id"]
        if name not in self.secrets:
            raise Refused("An error occurred (ResourceNotFoundException): no such secret")
        return {"Name": name, **({"VersionIdsToStages": v} if (v := self.secrets[name]) else {})}

    def _services(self, options: dict[str, str]) -> Any:
        self.polls += 1
        name = options["--services"].removeprefix(f"{self.name}-")
        definitions, wanted = self.tasks[name], len(self.tasks[name]) - 1
        starts = definitions[wanted] not in self.broken
        if self.polls % 3:
            state, shown = "IN_PROGRESS", wanted
        elif starts:
            state, shown = "COMPLETED", wanted
        elif wanted == 0:
            state, shown = "FAILED", wanted
        else:
            # The circuit breaker: the old task definition is the primary again, and stable.
            state, shown = "COMPLETED", wanted - 1
        self.primary[name] = shown
        deployment = {
            "status": "PRIMARY",
            "taskDefinition": self.arn(name, shown),
            "rolloutState": state,
            "desiredCount": 1,
            "runningCount": int(state == "COMPLETED"),
        }
        return {"services": [{"deployments": [deployment]}]}

    def arn(self, name: str, revision: int) -> str:
        """Return the ARN of a task definition\'s revision."""
        return f"arn:aws:ecs:us-east-1:123456789012:task-definition/{self.name}-{name}:{revision}"
