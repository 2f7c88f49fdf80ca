"""What a student is called where his id is not wanted: a keyed hash, one key for each school.

Training writes it into its data sets, monitoring finds his rows there by it.
"""

import hashlib
import hmac
import json
import secrets

KEY_FILE = "keys/students.json"
"""In the artifact bucket; ``{"key": hexadecimal}``."""
KEY_BYTES = 32
NAME_BYTES = 16


def student_key(value: str | int | float) -> str:
    """Return a student id as text; 1001, 1001.0 and "1001" are one student. NUL is replaced."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).replace("\0", "�")


def pseudonym(key: bytes, student: str) -> str:
    """Return the pseudonym of a student id: 32 hexadecimal digits, always the same."""
    return hmac.digest(key, student.encode(), hashlib.sha256)[:NAME_BYTES].hex()


def new_key() -> bytes:
    """Return the content of a new key file."""
    return json.dumps({"key": secrets.token_hex(KEY_BYTES)}).encode()


def read_key(data: bytes) -> bytes:
    """Return the key in a key file; raises ValueError if it holds none."""
    try:
        return bytes.fromhex(json.loads(data)["key"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{KEY_FILE} holds no key") from error
