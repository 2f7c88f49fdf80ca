"""Keyed pseudonyms of students: lasting names and draws that nobody without the key can repeat."""

import hashlib
import hmac
import json
import secrets
from typing import Self

from orchestrator.training.errors import PublicationError, ServiceError
from orchestrator.training.storage import ObjectStore

KEY_FILE = "keys/students.json"
"""In the artifact bucket, one for each school. Whoever deletes it draws the splits anew."""
KEY_BYTES = 32
NAME_BYTES = 16


class Pseudonyms:
    """What a student is called, and where a student falls, under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, store: ObjectStore) -> Self:
        """Return those of the key in ``store``, which is made if there is none."""
        stored = store.get_json(KEY_FILE)
        if stored is None:
            made = json.dumps({"key": secrets.token_hex(KEY_BYTES)}).encode()
            try:
                store.swap(KEY_FILE, made, None)
            except PublicationError:
                pass  # Another run made one first: that one counts.
            stored = store.get_json(KEY_FILE)
        try:
            return cls(bytes.fromhex(stored["key"]))
        except (KeyError, TypeError, ValueError):
            raise ServiceError("S3", store.bucket, f"{KEY_FILE} holds no key") from None

    def name(self, student: str) -> str:
        """Return the pseudonym of a student id: 32 hexadecimal digits, always the same."""
        return self._digest(student)[:NAME_BYTES].hex()

    def draw(self, student: str) -> float:
        """Return the student's own draw from [0, 1), always the same."""
        # From the digest's other half: a name tells nothing about the draw.
        return int.from_bytes(self._digest(student)[NAME_BYTES : NAME_BYTES + 6], "big") / 2**48

    def _digest(self, student: str) -> bytes:
        return hmac.digest(self._key, student.encode(), hashlib.sha256)
