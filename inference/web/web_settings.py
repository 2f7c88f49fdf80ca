"""The web service's settings, read from the environment once at the start."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from contract.environment import read

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
REACHABLE_RATE_LIMIT = 50.0
SHORTEST_KEY = 20
"""Characters of a key that guards against others than this machine."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Threads = Annotated[int, msgspec.Meta(ge=1, le=64)]
Hops = Annotated[int, msgspec.Meta(ge=1, le=10)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
Bytes = Annotated[int, msgspec.Meta(ge=1024, le=1024**3)]
Events = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Rows = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


class WebSettings(msgspec.Struct, frozen=True):
    """What an operator decides; every default is safe on a laptop.

    ``rate_limit`` is in requests per second and caller, 0 for none. ``trusted_proxy`` is the
    address whose X-Forwarded-For and -Proto are believed, ``trusted_hops`` how many proxies stand
    in a row, ``caller_header`` what a proxy that hides the rest says the caller by. No
    ``trusted_hosts`` means any, except on loopback, where a foreign host name is an attack (DNS
    rebinding). ``streams`` opens the stream addresses, ``open`` lets others in without a key.
    """

    host: str = msgspec.field(name="WEB_HOST", default="127.0.0.1")
    port: Port = msgspec.field(name="WEB_PORT", default=8080)
    threads: Threads = msgspec.field(name="WEB_THREADS", default=4)
    api_key: str = msgspec.field(name="WEB_API_KEY", default="")
    rate_limit: Rate = msgspec.field(name="WEB_RATE_LIMIT", default=0.0)
    max_body_bytes: Bytes = msgspec.field(name="WEB_MAX_BODY_BYTES", default=16 * 1024 * 1024)
    max_batch: Events = msgspec.field(name="WEB_MAX_BATCH", default=10_000)
    max_rows: Rows = msgspec.field(name="WEB_MAX_ROWS", default=100_000)
    trusted_hosts: tuple[str, ...] = msgspec.field(name="WEB_TRUSTED_HOSTS", default=())
    trusted_proxy: str = msgspec.field(name="WEB_TRUSTED_PROXY", default="")
    trusted_hops: Hops = msgspec.field(name="WEB_TRUSTED_HOPS", default=1)
    caller_header: str = msgspec.field(name="WEB_CALLER_HEADER", default="")
    streams: bool = msgspec.field(name="WEB_STREAMS", default=False)
    open: bool = msgspec.field(name="WEB_OPEN", default=False)
    students_stream: str = msgspec.field(name="STUDENTS_STREAM_NAME", default="")
    predictions_stream: str = msgspec.field(name="PREDICTIONS_STREAM_NAME", default="")
    tracking_uri: str = msgspec.field(name="MLFLOW_TRACKING_URI", default="")

    def __post_init__(self) -> None:
        if self.loopback and not self.trusted_hosts:
            msgspec.structs.force_setattr(self, "trusted_hosts", LOOPBACK_HOSTS)
        if not self.loopback and 0 < len(self.api_key) < SHORTEST_KEY:
            raise ValueError(f"WEB_API_KEY must have {SHORTEST_KEY} characters at least")
        if self.streams and not (self.students_stream and self.predictions_stream):
            raise ValueError("WEB_STREAMS needs STUDENTS_STREAM_NAME and PREDICTIONS_STREAM_NAME")

    def __repr__(self) -> str:
        # Without the API key: no log line or traceback can show it.
        return f"WebSettings(host={self.host!r}, port={self.port})"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK_HOSTS


def read_web_settings(environment: Mapping[str, str]) -> WebSettings:
    """Return the settings ``environment`` describes; raises SettingsError naming the variable.

    Reachable by others, the service limits each caller to 50 requests a second unless
    WEB_RATE_LIMIT says otherwise.
    """
    settings = read(WebSettings, environment)
    if settings.loopback or environment.get("WEB_RATE_LIMIT", "").strip():
        return settings
    return msgspec.structs.replace(settings, rate_limit=REACHABLE_RATE_LIMIT)
