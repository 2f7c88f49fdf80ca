"""Start LocalStack on loopback alone: run as a file by the interpreter of its own environment.

Its server drops the host of GATEWAY_LISTEN for IPv4 and listens on every address.
"""

import functools
import importlib


def main() -> None:
    """Patch the one place that listens (the version is pinned), then serve."""
    endpoints = importlib.import_module("twisted.internet.endpoints")
    endpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
    setattr(endpoints, "TCP4ServerEndpoint", endpoint)
    importlib.import_module("localstack.runtime.main").main()


if __name__ == "__main__":
    main()
