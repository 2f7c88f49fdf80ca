"""A version on its way from one environment to another: its files, and where they come from.

``model.onnx`` and ``manifest.json`` as they lie in the source's bucket, and ``request.json``, which is
written last and carries the manifest's sha256, as ``champion.json`` does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import msgspec

from contract.bundle import (
    MANIFEST_FILE,
    MODEL_FILE,
    BundleError,
    check_file,
    parse_manifest,
    sha256_hex,
)
from orchestrator.training.errors import PublicationError
from orchestrator.training.release.publication import Bundle, BundleStore

REQUEST_FILE = "request.json"


class Request(msgspec.Struct, frozen=True):
    """request.json: which version of which environment this is."""

    origin: str
    version: str
    manifest_sha256: str


@dataclass(frozen=True)
class Parcel:
    """One verified version and the name of the environment it comes from."""

    origin: str
    bundle: Bundle

    @property
    def manifest_sha256(self) -> str:
        """What identifies it wherever it goes."""
        return sha256_hex(self.bundle.manifest_data)

    @classmethod
    def fetch(cls, origin: str, bundles: BundleStore, version: str) -> Self:
        """Read a version from its environment; raises BundleError or PublicationError."""
        bundle = bundles.read(version)
        if bundle is None:
            raise PublicationError(f"{origin} has no complete version {version}")
        pointer, _stored = bundles.pointer()
        if pointer is not None and pointer.version == version:
            parse_manifest(bundle.manifest_data, pointer.manifest_sha256)
        return cls(origin, bundle)

    @classmethod
    def unpack(cls, read: Callable[[str], bytes | None]) -> Self:
        """Read the files by ``read``; raises BundleError unless they fit together."""
        request_data, manifest_data, model = map(read, (REQUEST_FILE, MANIFEST_FILE, MODEL_FILE))
        if request_data is None or manifest_data is None or model is None:
            raise BundleError("what was sent is incomplete")
        try:
            request = msgspec.json.decode(request_data, type=Request)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise BundleError(f"{REQUEST_FILE} cannot be read: {error}") from error
        manifest = parse_manifest(manifest_data, request.manifest_sha256)
        check_file(manifest, MODEL_FILE, model)
        return cls(request.origin, Bundle(request.version, model, manifest_data, manifest))

    def pack(self) -> dict[str, bytes]:
        """Return the files by name, in the order in which they are written."""
        request = Request(self.origin, self.bundle.version, self.manifest_sha256)
        return {
            MODEL_FILE: self.bundle.model,
            MANIFEST_FILE: self.bundle.manifest_data,
            REQUEST_FILE: msgspec.json.encode(request),
        }

    def manifest_as(self, version: str) -> bytes:
        """Return the manifest under the target's number: the same bytes where that is the same."""
        if version == self.bundle.manifest.version:
            return self.bundle.manifest_data
        return json.dumps(
            json.loads(self.bundle.manifest_data) | {"version": version}, indent=2
        ).encode()
