"""Keyed pseudonyms of students: lasting names and draws that nobody without the key can repeat."""

import hashlib
import hmac
from typing import Self

from contract.pseudonym import KEY_FILE, NAME_BYTES, new_key, pseudonym, read_key
from orchestrator.training.errors import PublicationError, ServiceError
from orchestrator.training.storage import ObjectStore


class Pseudonyms:
    """What a student is called, and where a student falls, under one key.

    Whoever deletes the key draws the splits anew.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, store: ObjectStore) -> Self:
        """Return those of the key in ``store``, which is made if there is none."""
        stored = store.get(KEY_FILE)
        if stored is None:
            try:
                store.swap(KEY_FILE, new_key(), None)
            except PublicationError:
                pass  # Another run made one first: that one counts.
            stored = store.get(KEY_FILE)
        try:
            return cls(read_key(stored.data if stored else b"{}"))
        except ValueError:
            raise ServiceError("S3", store.bucket, f"{KEY_FILE} holds no key") from None

    def name(self, student: str) -> str:
        """Return the pseudonym of a student id: 32 hexadecimal digits, always the same."""
        return pseudonym(self._key, student)

    def draw(self, student: str) -> float:
        """Return the student's own draw from [0, 1), always the same."""
        # From the digest's other half: a name tells nothing about the draw.
        whole = hmac.digest(self._key, student.encode(), hashlib.sha256)
        return int.from_bytes(whole[NAME_BYTES : NAME_BYTES + 6], "big") / 2**48
