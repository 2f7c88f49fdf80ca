"""Start ministack, closed to foreign web pages, with its Kinesis made fit for consumers that poll.

Run as a file by the emulator's environment, which has none of this project's packages.

ministack drops expired iterators and records before every Kinesis call, by looking at each of them;
and every GetRecords leaves an iterator behind for five minutes. Measured: 2 ms a call at first, 34
ms once 10,000 iterators have piled up, which a mapping polling two shards reaches in minutes. Here
it looks at most once a second; what expires and when is unchanged.
"""

import importlib
import os
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

PERIOD_SECONDS = 1.0

Application = Callable[[Any, Any, Any], Awaitable[None]]


def occasionally(function: Callable[..., None], key: Callable[..., Any]) -> Callable[..., None]:
    """Return ``function``, done only when the last time with the same ``key`` is a period ago."""
    last: dict[Any, float] = {}

    def wrapper(*arguments: Any) -> None:
        now, name = time.monotonic(), key(*arguments)
        if now - last.get(name, float("-inf")) >= PERIOD_SECONDS:
            last[name] = now
            function(*arguments)

    return wrapper


def closed(application: Application) -> Application:
    """Return the ASGI application that refuses foreign pages and names, websockets too, with 403.

    ministack itself lets every page read its answers (CORS ``*``). An SDK may put a bucket's name
    before localhost.
    """
    callers = importlib.import_module("contract.callers")
    names = callers.allowed_names(os.environ) | {".localhost"}

    async def answer(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        given = {
            key.decode("latin-1"): value.decode("latin-1")
            for key, value in scope.get("headers", ())
        }
        if scope["type"] not in ("http", "websocket") or not callers.refusal(
            scope.get("method", "GET"), given.get, names
        ):
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return answer


def main() -> None:
    """Patch what is there to patch (the version is pinned), then serve."""
    # Last, so that nothing of this repository stands before the emulator's own packages.
    sys.path.append(str(Path(__file__).parents[2]))
    kinesis = importlib.import_module("ministack.services.kinesis")
    for name, key in (
        ("_expire_iterators", lambda: ""),
        ("_expire_records", lambda stream: stream["StreamARN"]),
    ):
        if hasattr(kinesis, name):
            setattr(kinesis, name, occasionally(getattr(kinesis, name), key))
    server: Any = importlib.import_module("ministack.app")
    server.app = closed(server.app)
    server.main()


if __name__ == "__main__":
    main()
