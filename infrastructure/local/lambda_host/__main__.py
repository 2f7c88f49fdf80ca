"""Run the Lambda host: ``python -m infrastructure.local.lambda_host --state DIR``; the addresses come from the environment."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from infrastructure.local import configuration
from infrastructure.local.lambda_host.checkpoint import Checkpoints
from infrastructure.local.lambda_host.failure import FailureQueue
from infrastructure.local.lambda_host.function import Function
from infrastructure.local.lambda_host.mapping import Mapping
from infrastructure.local.lambda_host.shard import Settings
from infrastructure.local.lambda_host.source import Stream
from infrastructure.local.provision import client


def settings_of(values: configuration.Configuration) -> Settings:
    """Return the mapping's parameters as the variables file states them."""
    return Settings(
        batch_size=values.mapping_batch_size,
        window=values.mapping_batching_window_seconds,
        parallelization=values.mapping_parallelization_factor,
        bisect=values.mapping_bisect_on_error,
        maximum_retries=values.mapping_maximum_retry_attempts,
        maximum_age=values.mapping_maximum_record_age_seconds,
    )


def main() -> int:
    """Host the function and its mapping until a signal comes."""
    parser = argparse.ArgumentParser(prog="infrastructure.local.lambda_host", description=__doc__)
    parser.add_argument(
        "--state", type=Path, required=True, help="where checkpoints and the ready file go"
    )
    parser.add_argument(
        "--variables", type=Path, default=configuration.LOCAL_VARIABLES, help="a tfvars.json file"
    )
    parser.add_argument(
        "--handler", help="instead of function_handler, e.g. package.module.function"
    )
    parser.add_argument(
        "--root", type=Path, default=configuration.REPOSITORY, help="where the handler's code is"
    )
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    values = configuration.load(options.variables)
    if options.handler:
        values = configuration.with_handler(values, options.handler)
    stream = Stream(client("kinesis", os.environ), values.students_stream_name)
    function = Function(
        values, os.environ, options.state.parent / "logs" / "function.log", options.root
    )
    mapping = Mapping(
        stream,
        function,
        settings_of(values),
        Checkpoints(options.state / "checkpoints.json", stream.arn),
        FailureQueue(client("sqs", os.environ), os.environ["FAILURE_QUEUE_URL"]),
        starting_position=values.mapping_starting_position,
        timestamp=values.mapping_starting_position_timestamp,
    )
    mapping.start()
    (options.state / "ready").write_text(str(os.getpid()))
    stopping.wait()
    mapping.stop()
    function.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
