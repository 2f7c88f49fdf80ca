"""The Lambda host as a service: the function and its event source mapping in a process of their
own.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import LOCAL_VARIABLES, REPOSITORY
from localcloud.process import Process
from localcloud.service import Program, base_environment


class LambdaHost(Program):
    """Needs the provisioned variables (AWS_*, the streams, FAILURE_QUEUE_URL); listens on no fixed
    port. With ``function_url`` it invokes the image behind a runtime interface emulator there.
    """

    name = "lambda"
    ready_seconds = 120.0

    def __init__(
        self,
        state: Path,
        variables_file: Path = LOCAL_VARIABLES,
        handler: str | None = None,
        root: Path = REPOSITORY,
        function_url: str | None = None,
    ) -> None:
        super().__init__(state)
        self._variables_file, self._handler, self._root = variables_file, handler, root
        self._function_url = function_url

    def build(self, variables: Mapping[str, str]) -> Process:
        (self.directory / "ready").unlink(missing_ok=True)
        command = [
            *(
                sys.executable,
                "-m",
                "localcloud.lambda_host",
                "--state",
                str(self.directory),
            ),
            *("--variables", str(self._variables_file), "--root", str(self._root)),
            *(("--handler", self._handler) if self._handler else ()),
            *(("--function-url", self._function_url) if self._function_url else ()),
        ]
        return Process(
            self.name,
            command,
            log=self.log,
            environment=base_environment(**variables),
            cwd=REPOSITORY,
        )

    def ready(self) -> bool:
        return (self.directory / "ready").exists()
