"""The package index: uv reads no pip.conf, so what pip is told is passed on."""

from __future__ import annotations

import os
import subprocess

from localcloud.environment.interpreter import Interpreter


def index_settings(interpreter: Interpreter) -> dict[str, str]:
    """Return uv's variables for what pip is configured to use; uv reads no pip.conf.

    uv's own variables win where they are set.
    """
    listing = subprocess.run(
        [interpreter.path, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    pip: dict[str, str] = {}
    # Lowest to highest precedence is also the order pip lists them in: global, install, then the
    # environment.
    for scope in ("global", "install", ":env:"):
        for line in listing.stdout.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(f"{scope}."):
                pip[key.removeprefix(f"{scope}.")] = value.strip("'\"")
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": pip.get("extra-index-url"),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in ("1", "true", "yes") else None,
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_HTTP_TIMEOUT": pip.get("timeout"),
        "SSL_CERT_FILE": pip.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE"),
        # As pip does: every index counts alike. The hashes in the lock files rule out a stranger's
        # package.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
    }
    older = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
    return {
        key: value
        for key, value in wanted.items()
        if value and key not in os.environ and older.get(key, key) not in os.environ
    }
