"""What the image leaves out."""

import re
import shutil
import sys
from pathlib import Path

import botocore
import botocore.session
import pytest

from infrastructure.tools import slim
from tests.infrastructure.support.plans import REPOSITORY


def test_it_drops_what_is_listed_and_compiles_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests, stubs, other services' models and listed files go; code stays and is compiled."""
    kept = ("numpy/core.py", "botocore/data/s3/model.json", "botocore/data/endpoints.json")
    dropped = (
        "numpy/tests/test_core.py",
        "numpy/core.pyi",
        "botocore/data/ec2/model.json",
        "bin/flask",
        "onnxruntime/capi/libonnxruntime.so.1",
        "numpy/__pycache__/core.cpython-39.pyc",
    )
    for name in (*kept, *dropped):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('{"partitions": []}')
    monkeypatch.setattr(sys, "argv", ["slim.py", str(tmp_path)])
    slim.main()
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in dropped)
    assert len(list(tmp_path.rglob("*.pyc"))) == 1
    assert "slimmed to" in capsys.readouterr().out


def test_the_calls_that_are_kept_are_those_that_serving_makes() -> None:
    """GIVEN the sources WHEN their calls are collected THEN they are those kept, no fewer, no more."""
    files = (REPOSITORY / "inference").rglob("*.py")
    # The command line runs on a laptop, with all of botocore.
    sources = [path.read_text("utf-8") for path in files if path.parent.name != "client"]
    every = {name for names in slim.OPERATIONS.values() for name in names}
    methods = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name for name in every}
    called = set(re.findall(r"(?:_client|kinesis|s3)\.([a-z]+_[a-z_]+)\(", "\n".join(sources)))
    assert {methods.get(method, method) for method in called} == every


def test_clients_of_cut_models_make_the_same_calls(tmp_path: Path) -> None:
    """GIVEN botocore's real data, cut WHEN clients are made of it THEN kept calls are as before."""
    whole = Path(botocore.__file__).parent / "data"
    for name in slim.OPERATIONS:
        shutil.copytree(whole / name, tmp_path / name)
    for path in whole.glob("*.json"):
        shutil.copy(path, tmp_path)
    before = slim.size(tmp_path)
    slim.cut_data(tmp_path)
    assert slim.size(tmp_path) < before
    sessions = [botocore.session.get_session() for _ in range(2)]
    loader = botocore.loaders.Loader(include_default_search_paths=False)
    loader.search_paths.append(str(tmp_path))
    sessions[1].register_component("data_loader", loader)
    for service, operations in slim.OPERATIONS.items():
        models = [
            session.create_client(service, region_name="eu-central-1").meta for session in sessions
        ]
        assert models[0].endpoint_url == models[1].endpoint_url
        assert set(models[1].service_model.operation_names) == operations
        for operation in operations:
            assert _described(models[0], operation) == _described(models[1], operation)


def _described(meta: botocore.client.ClientMeta, operation: str) -> tuple[object, ...]:
    model = meta.service_model.operation_model(operation)
    shapes = [model.input_shape, model.output_shape, *model.error_shapes]
    return (model.http, *(shape and (shape.name, list(shape.members)) for shape in shapes))
