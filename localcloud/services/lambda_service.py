"""The Lambda host as a service: the function and its event source mapping in one process."""

import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import LOCAL_VARIABLES, REPOSITORY
from localcloud.process import Process
from localcloud.service import Program, base_environment


class LambdaHost(Program):
    """Needs the provisioned variables: AWS_*, the streams, FAILURE_QUEUE_URL.

    With ``function_url`` it invokes the image behind a runtime interface emulator there.
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
        host: list[str | Path] = [
            *(sys.executable, "-m", "localcloud.lambda_host", "--state", self.directory),
            *("--variables", self._variables_file, "--root", self._root),
            *(("--handler", self._handler) if self._handler else ()),
            *(("--function-url", self._function_url) if self._function_url else ()),
        ]
        return self.command(host, base_environment(**variables))
