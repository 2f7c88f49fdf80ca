"""A person's session: a signed cookie in place of the key, which no page and no script can read.

It is signed with the key, so another key ends every session; nothing about a person is in it.
"""

import hashlib
import hmac
import secrets

from flask import Request, Response
from itsdangerous import BadSignature, TimestampSigner

SECONDS = 12 * 3600


def same(offered: str, key: str) -> bool:
    """Whether both are the same, in a time that does not tell how much of it is."""
    return hmac.compare_digest(offered.encode(), key.encode())


class Sessions:
    """Makes and recognises session cookies for one key."""

    def __init__(self, key: str) -> None:
        self._signer = TimestampSigner(
            key, salt="session", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def begin(self, asked: Request, response: Response) -> None:
        """Put a new session's cookie on ``response``; other sites' pages never send it."""
        value = self._signer.sign(secrets.token_hex(16)).decode()
        response.set_cookie(
            _name(asked),
            value,
            max_age=SECONDS,
            secure=asked.is_secure,
            httponly=True,
            samesite="Strict",
        )

    def end(self, asked: Request, response: Response) -> None:
        """Take the cookie away."""
        response.delete_cookie(
            _name(asked), secure=asked.is_secure, httponly=True, samesite="Strict"
        )

    def known(self, asked: Request) -> bool:
        """Whether ``asked`` belongs to a session that has not run out."""
        try:
            self._signer.unsign(asked.cookies.get(_name(asked), ""), max_age=SECONDS)
        except BadSignature:
            return False
        return True


def _name(asked: Request) -> str:
    # A browser takes this prefix only from the host itself, over TLS.
    return "__Host-session" if asked.is_secure else "session"
