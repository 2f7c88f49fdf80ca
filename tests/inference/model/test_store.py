"""Bundle stores: a directory, and S3 by conditional GET (botocore's Stubber stands for S3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from contract.bundle import MANIFEST_FILE, MODEL_FILE, BundleError
from contract.features import DEFAULT_MODEL_NAME
from inference.aws import client
from inference.model import store as stores
from inference.model.store import LocalStore, S3Store, open_store
from inference.settings import read_settings
from tests.inference.support import factory


@pytest.fixture(name="s3")
def s3_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[S3Store, Stubber]]:
    """A store on a stubbed client."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    real = client("s3")
    with Stubber(real) as stub:
        yield S3Store(real, "bucket", "name"), stub
        stub.assert_no_pending_responses()


def body(data: bytes) -> dict[str, object]:
    """Return a GetObject answer."""
    stream = StreamingBody(io.BytesIO(data), len(data))
    return {"Body": stream, "ETag": '"tag"', "ContentLength": len(data)}


@pytest.mark.parametrize("nested", [True, False])
def test_a_directory_of_either_shape(tmp_path: Path, nested: bool) -> None:
    """MODEL_LOCATION may hold models/NAME, or be that folder."""
    folder = tmp_path / "models" / DEFAULT_MODEL_NAME if nested else tmp_path
    factory.publish(folder, "3")
    store = LocalStore(tmp_path, DEFAULT_MODEL_NAME)
    found = store.pointer(None)
    assert found is not None and b'"3"' in found.data
    assert store.pointer(found.tag) is None
    assert store.file("3", MODEL_FILE) == factory.gpa_gaussian()
    factory.publish(folder, "4")
    changed = store.pointer(found.tag)
    assert changed is not None and b'"4"' in changed.data


def test_missing_files_are_named(tmp_path: Path) -> None:
    """The error says which file, not where on this machine."""
    store = LocalStore(tmp_path, DEFAULT_MODEL_NAME)
    with pytest.raises(BundleError, match=r"^champion\.json cannot be read: No such file"):
        store.pointer(None)
    with pytest.raises(BundleError, match=r"^1/manifest\.json cannot be read"):
        store.file("1", MANIFEST_FILE)


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would fill the memory is refused before it is read."""
    factory.publish(tmp_path, "1")
    monkeypatch.setattr(stores, "MAX_FILE_BYTES", 100)
    with pytest.raises(BundleError, match="larger than 100 bytes"):
        LocalStore(tmp_path, DEFAULT_MODEL_NAME).file("1", MODEL_FILE)


def test_s3_reads_unconditionally_first_and_conditionally_then(
    s3: tuple[S3Store, Stubber],
) -> None:
    """The known tag becomes If-None-Match; 304 means unchanged."""
    store, stub = s3
    key = {"Bucket": "bucket", "Key": "models/name/champion.json"}
    stub.add_response("get_object", body(b"one"), key)
    stub.add_client_error(
        "get_object", "304", http_status_code=304, expected_params={**key, "IfNoneMatch": '"tag"'}
    )
    stub.add_response("get_object", body(b"model"), {**key, "Key": "models/name/1/model.onnx"})
    found = store.pointer(None)
    assert found == (b"one", '"tag"')
    assert store.pointer('"tag"') is None
    assert store.file("1", MODEL_FILE) == b"model"


@pytest.mark.parametrize(
    ("code", "status"), [("NoSuchKey", 404), ("AccessDenied", 403), ("InternalError", 500)]
)
def test_s3_errors_are_bundle_errors(s3: tuple[S3Store, Stubber], code: str, status: int) -> None:
    """The error names the object and S3's code."""
    store, stub = s3
    stub.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(BundleError, match=f"champion.json cannot be read: S3 answered {code}"):
        store.pointer(None)


def test_an_unasked_304_is_an_error(s3: tuple[S3Store, Stubber]) -> None:
    """A file that S3 will not give cannot be loaded."""
    store, stub = s3
    stub.add_client_error("get_object", "304", http_status_code=304)
    with pytest.raises(BundleError, match="304 unasked"):
        store.file("1", MODEL_FILE)


def test_an_unreachable_s3_is_a_bundle_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on port 1."""
    for name, value in (
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    store = open_store(read_settings({"MODEL_BUCKET": "bucket"}))
    assert isinstance(store, S3Store)
    with pytest.raises(BundleError, match="cannot be read: EndpointConnectionError"):
        store.pointer(None)


def test_an_object_too_large_is_refused(
    s3: tuple[S3Store, Stubber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its body is read."""
    store, stub = s3
    monkeypatch.setattr(stores, "MAX_FILE_BYTES", 2)
    stub.add_response("get_object", body(b"one"))
    with pytest.raises(BundleError, match="larger than 2 bytes"):
        store.file("1", MODEL_FILE)


def test_a_location_opens_a_directory(tmp_path: Path) -> None:
    """MODEL_LOCATION with a path reads from there."""
    assert isinstance(open_store(read_settings({"MODEL_LOCATION": str(tmp_path)})), LocalStore)
