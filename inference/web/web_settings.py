"""The web service's configuration, read from the environment once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inference.web.errors import SettingsError

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """What an operator decides; every default is safe on a laptop.

    ``rate_limit`` is in requests per second and client, 0 for none; sizes are in bytes.
    ``trusted_proxy`` is the address whose X-Forwarded-For and -Proto are believed. The API key
    is left out of ``repr`` so that no log line or traceback can show it.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    threads: int = 4
    api_key: str = field(default="", repr=False)
    rate_limit: float = 0.0
    max_body_bytes: int = 16 * 1024 * 1024
    max_batch: int = 10_000
    max_rows: int = 100_000
    trusted_hosts: tuple[str, ...] = LOOPBACK_HOSTS
    trusted_proxy: str = ""
    students_stream: str = ""
    predictions_stream: str = ""
    tracking_uri: str = ""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK_HOSTS


def _number(
    environment: Mapping[str, str], name: str, default: float, low: int, high: int
) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SettingsError(f"{name} must be a number from {low} to {high}, not {text!r}")
    return value


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings ``environment`` describes; raises SettingsError naming the variable.

    Bound elsewhere than to loopback, the service limits each client to 50 requests a second unless
    WEB_RATE_LIMIT says otherwise, and answers to any Host unless WEB_TRUSTED_HOSTS names them.
    """
    host = environment.get("WEB_HOST", "").strip() or "127.0.0.1"
    loopback = host in LOOPBACK_HOSTS
    named_hosts = environment.get("WEB_TRUSTED_HOSTS", "")
    hosts = tuple(name.strip() for name in named_hosts.split(",") if name.strip())
    return Settings(
        host=host,
        port=int(_number(environment, "WEB_PORT", 8080, 0, 65_535)),
        threads=int(_number(environment, "WEB_THREADS", 4, 1, 64)),
        api_key=environment.get("WEB_API_KEY", ""),
        rate_limit=_number(environment, "WEB_RATE_LIMIT", 0 if loopback else 50, 0, 1_000_000),
        max_body_bytes=int(
            _number(environment, "WEB_MAX_BODY_BYTES", 16 * 1024 * 1024, 1024, 1024**3)
        ),
        max_batch=int(_number(environment, "WEB_MAX_BATCH", 10_000, 1, 1_000_000)),
        max_rows=int(_number(environment, "WEB_MAX_ROWS", 100_000, 1, 10_000_000)),
        trusted_hosts=hosts or (LOOPBACK_HOSTS if loopback else ()),
        trusted_proxy=environment.get("WEB_TRUSTED_PROXY", "").strip(),
        students_stream=environment.get("STUDENTS_STREAM_NAME", ""),
        predictions_stream=environment.get("PREDICTIONS_STREAM_NAME", ""),
        tracking_uri=environment.get("MLFLOW_TRACKING_URI", ""),
    )
