"""The bundle's files: read, checked, refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.bundle import (
    BundleError,
    Manifest,
    check_file,
    parse_manifest,
    parse_pointer,
    sha256_hex,
)
from tests.inference.support import factory


def parsed(**changes: Any) -> Manifest:
    """Return the factory's manifest with ``changes``, as read from its file."""
    return parse_manifest(json.dumps(factory.manifest("1", b"model") | changes).encode())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"classes": ["A", "B", "C", "D"]}, "another contract"),
        ({"features": []}, "another contract"),
        ({"golden": None}, "cannot be read"),
        ({"version": 1}, "cannot be read"),
        ({"absences": [0.5, 0.0, 0.5]}, "no distribution"),
        ({"absences": [0.001] * 367}, "no distribution"),
    ],
)
def test_a_manifest_of_another_contract(change: dict[str, Any], reason: str) -> None:
    """The manifest's features and classes must be this contract's."""
    with pytest.raises(BundleError, match=reason):
        parsed(**change)


def test_a_range_that_differs_is_another_contract() -> None:
    """Even a single bound."""
    features = factory.manifest("1", b"")["features"]
    features[2]["maximum"] = 30
    with pytest.raises(BundleError, match="another contract"):
        parsed(features=features)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"version": "1"}'])
def test_unreadable_json_is_a_bundle_error(data: bytes) -> None:
    """Pointers and manifests alike."""
    with pytest.raises(BundleError, match="cannot be read"):
        parse_manifest(data)
    with pytest.raises(BundleError, match="cannot be read"):
        parse_pointer(data)


@pytest.mark.parametrize("version", ["", "..", "../1", "a/b", ".hidden", "x" * 129, "1\n"])
def test_a_pointer_names_a_plain_version(version: str) -> None:
    """A version is a folder's name and nothing more."""
    with pytest.raises(BundleError, match="^champion.json names a version that is no plain name$"):
        parse_pointer(json.dumps({"version": version, "manifest_sha256": "0"}).encode())


def test_digests_are_checked() -> None:
    """Manifest against pointer, file against manifest, and a file the manifest does not name."""
    text = json.dumps(factory.manifest("1", b"model")).encode()
    manifest = parse_manifest(text, sha256_hex(text))
    check_file(manifest, "model.onnx", b"model")
    with pytest.raises(BundleError, match="model.onnx does not match"):
        check_file(manifest, "model.onnx", b"modeL")
    with pytest.raises(BundleError, match="other.onnx does not match"):
        check_file(manifest, "other.onnx", b"model")
    reason = "^manifest.json does not match the sha256 in champion.json$"
    with pytest.raises(BundleError, match=reason):
        parse_manifest(text + b" ", sha256_hex(text))
