"""Drop from an installed package folder what serving never loads, then compile it.

Run by the Dockerfile: ``python slim.py FOLDER``. It states what goes and prints what that saved.
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

SERVICES = {"kinesis", "s3", "sts", "sso", "sso-oidc", "signin"}
"""botocore's models that are kept: the two services, and what credential providers call."""

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
