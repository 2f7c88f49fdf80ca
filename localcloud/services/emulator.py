"""The AWS emulator (ministack): S3, Kinesis, SQS and SES on loopback, state kept between runs."""

from collections.abc import Mapping
from pathlib import Path

from localcloud.process import Process
from localcloud.service import Service, answers, base_environment, python_of

REGION = "us-east-1"
SERVICES = "s3,kinesis,sqs,ses,sts,logs,cloudwatch"


def aws_variables(endpoint: str, region: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the SDKs' variables for a local AWS endpoint, whoever runs it."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        # An emulator takes any credentials; the SDKs insist on some.
        "AWS_ACCESS_KEY_ID": given.get("AWS_ACCESS_KEY_ID") or "test",
        "AWS_SECRET_ACCESS_KEY": given.get("AWS_SECRET_ACCESS_KEY") or "test",
        "MLFLOW_S3_ENDPOINT_URL": endpoint,
    }


class Emulator(Service):
    """ministack; anything but loopback is closed, its MQTT and SFTP listeners are off."""

    name = "emulator"
    preferred_port = 4566

    def __init__(
        self,
        state: Path,
        *,
        region: str = REGION,
        usual_port: bool = False,
        services: str = SERVICES,
    ) -> None:
        super().__init__(state, usual_port=usual_port)
        self.region = region
        self.services = services

    def environment(self) -> dict[str, str]:
        return aws_variables(self.url, self.region, {})

    def build(self, variables: Mapping[str, str]) -> Process:
        environment = base_environment(
            BIND_HOST="127.0.0.1",
            GATEWAY_PORT=str(self.port),
            MINISTACK_REGION=self.region,
            PERSIST_STATE="1",
            S3_PERSIST="1",
            STATE_DIR=str(self.directory / "state"),
            S3_DATA_DIR=str(self.directory / "s3"),
            # It writes a pid file into the temporary directory.
            TMPDIR=str(self.directory),
            IOT_MTLS_ENABLED="0",
            SFTP_ENABLED="0",
            LOG_LEVEL="WARNING",
            SERVICES=self.services,
        )
        # State is written on SIGTERM only, hence the long grace.
        server = Path(__file__).with_name("emulator_server.py")
        return self.command(
            [python_of("emulator"), "-I", str(server)],
            environment,
            self.directory,
            grace_seconds=20,
        )

    def ready(self) -> bool:
        return answers(self.port, "/_ministack/ready")
