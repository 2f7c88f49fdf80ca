"""Whom a server answers that trusts this machine: programs and its own pages, no foreign page.

Mage, MLflow and the AWS emulator take orders from whoever reaches them, and so does any web page
that is open in a browser there. A page cannot hide where it comes from (Origin, Sec-Fetch-Site) or
whom it asks for (Host, where DNS leads a name of its own to this machine). Standard library only:
environments without this project's packages import it.
"""

import re
from collections.abc import Callable, Mapping

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
SETTING = "ALLOWED_HOSTS"
"""Further names, with commas; one that begins with a dot stands for every name that ends in it."""

_HOST = re.compile(r"(\[[0-9a-f:]+\]|[^:@/\s]+)(:\d+)?", re.IGNORECASE)


def allowed_names(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the host names a server is asked by: loopback's, and what ALLOWED_HOSTS adds."""
    given = (name.strip().lower() for name in environment.get(SETTING, "").split(","))
    return LOOPBACK_NAMES | {name for name in given if name}


def refusal(method: str, header: Callable[[str], str | None], names: frozenset[str]) -> str | None:
    """Return why a request is refused, or None; ``header`` gives a header by lower-case name.

    A program sends neither Origin nor Sec-Fetch-Site. A link on another page may be followed, since
    that page does not see the answer; nothing of it may be put into a frame.
    """
    host = (header("host") or "").lower()
    asked = _HOST.fullmatch(host)
    if asked is None or not _known(asked[1], names):
        return "this name is not served here"
    origin = header("origin")
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        return "another page's request"
    if header("sec-fetch-site") in (None, "none", "same-origin"):
        return None
    followed = header("sec-fetch-mode") == "navigate" and header("sec-fetch-dest") == "document"
    return None if followed and method in ("GET", "HEAD") else "another page's request"


def _known(name: str, names: frozenset[str]) -> bool:
    if name in names:
        return True
    return any(suffix.startswith(".") and name.endswith(suffix) for suffix in names)
