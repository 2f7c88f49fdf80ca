"""What can go wrong in the local cloud; ``code`` is stable and greppable."""

from pathlib import Path

from contract.errors import StudentPerformanceError


class LocalCloudError(StudentPerformanceError):
    """Root of the local cloud's errors."""

    code = "local"


class ConfigurationError(LocalCloudError):
    """A variables file or an environment variable cannot be used."""

    code = "local.configuration"


class EnvironmentMissing(LocalCloudError):
    """A component's virtual environment, or a program in it, is not there."""

    code = "local.environment"


class ServiceFailed(LocalCloudError):
    """A service ended early or was not ready in time; the message holds the end of its log."""

    code = "local.service"

    def __init__(self, service: str, reason: str, log: Path, tail: str) -> None:
        body = "\n".join(f"    {line}" for line in tail.splitlines()) or "    (nothing)"
        super().__init__(f"{service} {reason}; the end of {log}:\n{body}")
        self.service = service


class ProvisionFailed(LocalCloudError):
    """What Terraform creates on AWS could not be created at the endpoint."""

    code = "local.provision"


class AlreadyRunning(LocalCloudError):
    """Another process owns this state directory."""

    code = "local.running"


class TargetUnavailable(LocalCloudError):
    """The function could not be invoked at all: nothing ran, so no retry is used up."""

    code = "lambda_host.target"


class CheckpointError(LocalCloudError):
    """The checkpoint file cannot be used."""

    code = "lambda_host.checkpoint"


class DemoFailed(StudentPerformanceError):
    """A step of `make run` did not end as it must; the message says which and where to look."""

    code = "demo_failed"


class SoakFailed(LocalCloudError):
    """The soak could not go on; what it found by then says less than a whole run."""

    code = "local.soak"
