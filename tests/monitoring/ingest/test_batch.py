"""What is kept of a record that cannot be read."""

import hashlib

from monitoring.ingest.batch import StreamRecord, dead_letter


def test_a_dead_letter_tells_place_and_digest_but_not_content() -> None:
    """GIVEN an unreadable record WHEN described THEN place, code, size, digest; reasons are bounded."""
    letter = dead_letter(StreamRecord("17", b"secret"), "not_prediction", "x" * 900)
    assert letter[:2] == ("17", "not_prediction") and letter.size == 6
    assert letter.sha256 == hashlib.sha256(b"secret").hexdigest()
    assert len(letter.reason) == 500 and "secret" not in repr(letter)
