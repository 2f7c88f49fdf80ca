"""The Lambda host as a service: the function, its event source mapping and its Invoke call."""

import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import LOCAL_VARIABLES, REPOSITORY
from localcloud.ports import LOOPBACK
from localcloud.process import Process
from localcloud.service import Program, base_environment


class LambdaHost(Program):
    """Needs the provisioned variables: AWS_*, the streams, FAILURE_QUEUE_URL.

    With ``function_url`` it invokes the image behind a runtime interface emulator there.
    """

    name = "lambda"
    preferred_port = 3001
    ready_seconds = 120.0

    def __init__(
        self,
        state: Path,
        variables_file: Path = LOCAL_VARIABLES,
        handler: str | None = None,
        root: Path = REPOSITORY,
        function_url: str | None = None,
        usual_port: bool = False,
    ) -> None:
        super().__init__(state, usual_port=usual_port)
        self._variables_file, self._handler, self._root = variables_file, handler, root
        self._function_url = function_url

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_LAMBDA": self.url}

    def build(self, variables: Mapping[str, str]) -> Process:
        host: list[str | Path] = [
            *(sys.executable, "-m", "localcloud.lambda_host", "--state", self.directory),
            *("--variables", self._variables_file, "--root", self._root),
            *("--invoke-port", str(self.port)),
            *(("--handler", self._handler) if self._handler else ()),
            *(("--function-url", self._function_url) if self._function_url else ()),
        ]
        return self.command(host, base_environment(**variables))
