"""A function: one execution environment per invocation at a time, started when first needed."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from localcloud.configuration import REPOSITORY, Configuration
from localcloud.errors import TargetUnavailable
from localcloud.lambda_host.instance import Instance, Invocation
from localcloud.process import Process
from localcloud.service import base_environment

ACCOUNT = "000000000000"
_LOG = logging.getLogger("lambda_host")


def function_variables(
    configuration: Configuration, variables: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment a function has on AWS, plus the local endpoint's variables."""
    return base_environment(
        **variables,
        AWS_LAMBDA_FUNCTION_NAME=configuration.function_name,
        AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(configuration.function_memory_mb),
        AWS_LAMBDA_LOG_GROUP_NAME=f"/aws/lambda/{configuration.function_name}",
        AWS_LAMBDA_LOG_STREAM_NAME="local",
        AWS_LAMBDA_INITIALIZATION_TYPE="on-demand",
        AWS_EXECUTION_ENV="AWS_Lambda_Image",
        TZ=":UTC",
    )


def function_arn(configuration: Configuration) -> str:
    """Return the ARN the function goes by locally."""
    return f"arn:aws:lambda:{configuration.region}:{ACCOUNT}:function:{configuration.function_name}"


class Function:
    """A Target that runs the handler in `awslambdaric` processes, reusing idle ones."""

    def __init__(
        self,
        configuration: Configuration,
        variables: Mapping[str, str],
        log: Path,
        temporary: Path,
        root: Path = REPOSITORY,
    ) -> None:
        self.arn = function_arn(configuration)
        self._configuration, self._log, self._root = configuration, log, root
        self._variables = {
            **function_variables(configuration, variables),
            "LAMBDA_TASK_ROOT": str(root),
            "PYTHONPATH": str(root),
            # On AWS /tmp is the execution environment's own and outlives its process.
            "TMPDIR": str(temporary),
        }
        temporary.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._idle: list[Instance] = []
        self._all: set[Instance] = set()
        self._closed = False

    def _launch(self, command: list[str], variables: Mapping[str, str]) -> Process:
        process = Process(
            self._configuration.function_name,
            command,
            log=self._log,
            environment={**self._variables, **variables},
            cwd=self._root,
            grace_seconds=2,
        )
        process.start()
        return process

    def _start(self) -> Instance:
        configuration = self._configuration
        timeout = configuration.function_timeout_seconds
        return Instance(configuration.function_handler, self.arn, timeout, self._launch)

    def _acquire(self) -> Instance:
        with self._lock:
            if self._closed:
                raise TargetUnavailable("the function is being closed")
            while self._idle:
                instance = self._idle.pop()
                if instance.usable:
                    return instance
                self._all.discard(instance)
                instance.close()
            instance = self._start()
            self._all.add(instance)
            return instance

    def invoke(self, event: bytes) -> Invocation:
        """Run the handler on ``event`` in an idle execution environment, or a new one."""
        instance = self._acquire()
        cold = instance.cold_start_seconds is None
        outcome = instance.invoke(event)
        with self._lock:
            if outcome.error == "Unhandled":
                self._all.discard(instance)
            else:
                self._idle.append(instance)
        if cold and instance.cold_start_seconds is not None:
            _LOG.info("cold start %.0f ms", instance.cold_start_seconds * 1000)
        return outcome

    def close(self) -> None:
        """End every execution environment."""
        with self._lock:
            self._closed = True
            for instance in self._all:
                instance.close()
            self._all.clear()
            self._idle.clear()
