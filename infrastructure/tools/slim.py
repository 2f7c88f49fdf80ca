"""Drop from an installed package folder what serving never loads, then compile it.

Run by the Dockerfile: ``python slim.py FOLDER``. It states what goes and prints what that saved.

Making botocore's clients is most of a cold start, and reading their models is most of that: cut to
the calls that serving makes, it takes .66 of the processor time and 13 MB less (measured).
"""

import compileall
import gzip
import json
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

SERVICES = {"kinesis", "s3", "secretsmanager", "sts", "sso", "sso-oidc", "signin"}
"""botocore's models that are kept: the three services, and what credential providers call."""

OPERATIONS = {
    "kinesis": {
        "PutRecords",
        "DescribeStreamSummary",
        "GetRecords",
        "GetShardIterator",
        "ListShards",
    },
    "s3": {"GetObject"},
    "secretsmanager": {"GetSecretValue"},
}
"""What inference calls, by service; a test compares it with the sources."""

Json = dict[str, Any]

DROPPED = (
    "bin",
    "onnxruntime/capi/libonnxruntime.so*",  # for C programs; Python's own module holds it too
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "numpy/distutils",
    "numpy/f2py",
    "numpy/_core/include",
    "aws_lambda_powertools/event_handler",
    "google",
    "boto3/docs",
    "boto3/examples",
)


def size(folder: Path) -> int:
    """Return the bytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def slim(folder: Path) -> None:
    """Remove what is not needed from ``folder``."""
    doomed = [path for pattern in DROPPED for path in folder.glob(pattern)]
    doomed += [path for path in folder.rglob("tests") if path.is_dir()]
    doomed += [path for path in folder.rglob("__pycache__") if path.is_dir()]
    data = folder / "botocore" / "data"
    doomed += [path for path in data.iterdir() if path.is_dir() and path.name not in SERVICES]
    for path in doomed:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for stub in folder.rglob("*.pyi"):
        stub.unlink()
    cut_data(data)


def cut_model(model: Json, operations: set[str]) -> Json:
    """Return a service's model with ``operations`` and the shapes they reach."""
    kept = {name: value for name, value in model["operations"].items() if name in operations}
    shapes: Json = {}
    waiting = [name for operation in kept.values() for name in _shapes(operation)]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            waiting += _shapes(shapes[name])
    return {**model, "operations": kept, "shapes": shapes}


def _shapes(value: Any) -> list[str]:
    """Return every shape that a part of a model names."""
    if isinstance(value, list):
        return [name for part in value for name in _shapes(part)]
    if not isinstance(value, dict):
        return []
    own = [value["shape"]] if isinstance(value.get("shape"), str) else []
    return own + [name for part in value.values() for name in _shapes(part)]


def cut_endpoints(endpoints: Json) -> Json:
    """Return the endpoints of SERVICES, in every partition."""
    for partition in endpoints["partitions"]:
        every = partition["services"]
        partition["services"] = {name: every[name] for name in every if name in SERVICES}
    return endpoints


def cut_data(data: Path) -> None:
    """Cut botocore's ``data`` folder in place."""
    path = data / "endpoints.json"
    _write(path, cut_endpoints(json.loads(path.read_bytes())))
    for service, operations in OPERATIONS.items():
        for packed in data.glob(f"{service}/*/service-2.json.gz"):
            model = json.loads(gzip.decompress(packed.read_bytes()))
            _write(packed.with_suffix(""), cut_model(model, operations))
            packed.unlink()


def _write(path: Path, value: Json) -> None:
    path.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")


def main() -> None:
    """Slim and compile the folder named by the first argument."""
    folder = Path(sys.argv[1])
    before = size(folder)
    slim(folder)
    after = size(folder)
    compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    print(f"packages: {before / 1e6:.0f} MB, slimmed to {after / 1e6:.0f} MB,", end=" ")
    print(f"compiled {size(folder) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
