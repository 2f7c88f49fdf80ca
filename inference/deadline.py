"""A total deadline for a call of a botocore client: connecting, sending and reading together.

The client's own limits are per address, per write and per read: a server that sends a byte now and
then never runs into them. Here each wait on the socket gets what is left of the call's time, in the
calling thread. Only a connection that must be made first is made in another one: a resolver, or
many addresses, cannot be hurried.
"""

import http.client
import io
import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

from contract.errors import StudentPerformanceError

MOST_CONNECTING = 8
"""Connections made at once; while so many hang no further one is begun."""

_CONNECTING = threading.BoundedSemaphore(MOST_CONNECTING)


class OutOfTime(StudentPerformanceError):
    """The call did not end in time."""

    code = "out_of_time"


class _Call(threading.local):
    ends = math.inf


_CALL = _Call()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound the calls made in the block, by clients that are `bounded`; raises OutOfTime."""
    _CALL.ends = ends = time.monotonic() + seconds
    try:
        yield
    except Exception as error:
        if time.monotonic() >= ends:
            raise OutOfTime(f"no answer within {seconds:g} s") from error
        raise
    finally:
        _CALL.ends = math.inf


def bounded(client: Any) -> Any:
    """Have ``client`` keep the deadlines of `within`; returns it. It must have time limits."""
    # pylint: disable-next=protected-access  # botocore has no public way to its connections
    client._endpoint.http_session._pool_classes_by_scheme.update(http=_HttpPool, https=_HttpsPool)
    return client


def _left() -> float:
    left = _CALL.ends - time.monotonic()
    if left <= 0:
        raise OutOfTime("no time is left")
    return left


class _Reader(io.RawIOBase):
    """Reads what a socket receives, each time for as long as the call may still take."""

    def __init__(self, sock: Any) -> None:
        self._socket, self._longest = sock, sock.gettimeout()
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        self._socket.settimeout(min(self._longest, _left()))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _Bounded:
    """What a connection does otherwise."""

    # pylint: disable=no-member  # the classes below have them

    sock: Any
    timeout: float
    response_class = _Response

    def connect(self) -> None:
        """Connect, for as long as the call may still take."""
        if _CALL.ends == math.inf:
            super().connect()  # type: ignore[misc]
            return
        # pylint: disable-next=consider-using-with  # released where the connection is made
        if not _CONNECTING.acquire(timeout=_left()):
            raise OutOfTime("too many earlier connections still hang")
        made: Future[None] = Future()
        threading.Thread(target=self._connect, args=(made,), daemon=True).start()
        made.result(_left())

    def _connect(self, made: "Future[None]") -> None:
        try:
            super().connect()  # type: ignore[misc]
            made.set_result(None)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            made.set_exception(error)  # raised where it is waited for
        finally:
            _CONNECTING.release()

    def send(self, data: bytes) -> None:
        """Send all of ``data``, each part for as long as the call may still take."""
        if self.sock is None:
            self.connect()
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(min(self.timeout, _left()))
            rest = rest[self.sock.send(rest) :]


class _Http(_Bounded, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _Https(_Bounded, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _HttpPool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Http


class _HttpsPool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Https
