"""The web service's own errors; each becomes one problem document (see problem_documents)."""

from collections.abc import Mapping, Sequence

from contract.errors import StudentPerformanceError

COME_BACK = {"Retry-After": "5"}
"""With every answer of status 503."""


class WebError(StudentPerformanceError):
    """An answer other than a prediction or a rejection: its HTTP status and headers.

    ``ids`` are those of the request's events that a stream had taken all the same.
    """

    code = "web"
    status = 500
    headers: Mapping[str, str] = {}
    ids: Sequence[str] = ()


class BatchTooLarge(WebError):
    """More events or rows in one request than the service answers at once."""

    code = "batch_too_large"
    status = 422

    def __init__(self, limit: int) -> None:
        super().__init__(f"More than {limit} students in one request; send them in parts.")


class UnsupportedMedia(WebError):
    """The body's content type is not one this address reads."""

    code = "unsupported_media_type"
    status = 415

    def __init__(self, *accepted: str) -> None:
        super().__init__(f"Send the body as {' or '.join(accepted)}.")


class BadParameter(WebError):
    """A parameter of the address has a value that is not accepted there."""

    code = "bad_parameter"
    status = 422


class UnreadableTable(WebError):
    """A class list whose header or text cannot be read; no row was answered."""

    code = "unreadable_table"
    status = 422


class Unauthorized(WebError):
    """No API key, or a wrong one, where the service asks for one."""

    code = "unauthorized"
    status = 401
    headers = {"WWW-Authenticate": 'Bearer realm="Student Performance"'}

    def __init__(self) -> None:
        super().__init__("Send the API key as X-API-Key or as a bearer token, or sign in.")


class TooManyRequests(WebError):
    """The client is over its rate; ``retry_after`` is in whole seconds."""

    code = "too_many_requests"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests; try again in {retry_after} s.")
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


class StreamUnavailable(WebError):
    """A stream did not answer in time."""

    code = "stream_unavailable"
    status = 503
    headers = COME_BACK

    def __init__(self, message: str, ids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.ids = ids
