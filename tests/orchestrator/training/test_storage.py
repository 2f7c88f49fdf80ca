"""S3 objects: failures in words."""

from __future__ import annotations

import pytest

from orchestrator.training.errors import ServiceError
from tests.orchestrator.support.bucket import FakeBucket, store_over


def test_an_unreachable_bucket_is_named() -> None:
    """Every operation names the service and the address."""
    bucket = FakeBucket()
    bucket.down = True
    store = store_over(bucket)
    for use in (
        store.check,
        lambda: store.get("k"),
        lambda: store.put("k", b""),
    ):
        with pytest.raises(ServiceError, match="S3 at http://127.0.0.1/bucket cannot be used"):
            use()
    bucket.down = False
    assert store.get_json("none") is None
    with pytest.raises(ServiceError, match="object k is missing"):
        store.get_frame("k")
