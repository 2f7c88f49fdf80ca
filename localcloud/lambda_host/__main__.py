"""Run the Lambda host: ``python -m localcloud.lambda_host --state DIR``.

The addresses come from the environment.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud import configuration
from localcloud.lambda_host.checkpoint import Checkpoints
from localcloud.lambda_host.consumer import Feed, Target
from localcloud.lambda_host.function import Function, function_arn
from localcloud.lambda_host.http_target import HttpTarget
from localcloud.lambda_host.invoke_api import InvokeApi
from localcloud.lambda_host.mapping import Mapping
from localcloud.lambda_host.shard import Settings
from localcloud.lambda_host.source import Stream
from localcloud.provision import client


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
    parser = argparse.ArgumentParser(prog="localcloud.lambda_host", description=__doc__)
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
    parser.add_argument(
        "--function-url",
        help="invoke this runtime interface emulator instead of starting the handler here",
    )
    parser.add_argument(
        "--invoke-port", type=int, help="serve Lambda's Invoke call on this port of loopback"
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
    state: Path = options.state
    state.mkdir(parents=True, exist_ok=True)
    # One that an earlier process left would call this one ready.
    (state / "ready").unlink(missing_ok=True)
    stream = Stream(client("kinesis", os.environ), values.students_stream_name)
    target: Target
    if options.function_url:
        target = HttpTarget(
            options.function_url, function_arn(values), values.function_timeout_seconds
        )
    else:
        log = state.parent / "logs" / "function.log"
        target = Function(values, os.environ, log, state / "tmp", options.root)
    feed = Feed(
        stream,
        target,
        settings_of(values),
        Checkpoints(state / "checkpoints.json", stream.arn, stream.created()),
        failure_queue(values),
    )
    mapping = Mapping(
        feed, values.mapping_starting_position, values.mapping_starting_position_timestamp
    )
    mapping.start()
    invoke_api = InvokeApi(options.invoke_port, target) if options.invoke_port else None
    (state / "ready").write_text(str(os.getpid()), encoding="utf-8")
    stopping.wait()
    if invoke_api is not None:
        invoke_api.close()
    mapping.stop()
    target.close()
    return 0


def failure_queue(values: configuration.Configuration) -> Callable[[dict[str, Any]], object]:
    """Return what sends a document to the on-failure queue: FAILURE_QUEUE_URL, else by its name."""
    sqs = client("sqs", os.environ)
    url = os.environ.get("FAILURE_QUEUE_URL")
    url = url or sqs.get_queue_url(QueueName=values.failure_queue_name)["QueueUrl"]
    return lambda document: sqs.send_message(QueueUrl=url, MessageBody=json.dumps(document))


if __name__ == "__main__":
    sys.exit(main())
