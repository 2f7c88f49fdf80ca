"""MLflow behind a handful of verbs: runs, artifacts, model versions and the champion alias."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from orchestrator.training.errors import ServiceError
from orchestrator.training.settings import Settings, check_tracking

EXPERIMENT = "student-performance"
CHAMPION = "champion"
PARENT_TAG = "mlflow.parentRunId"
MAX_PARAMETER = 6000
MISSING = "RESOURCE_DOES_NOT_EXIST"


class Tracking:
    """One MLflow server.

    The client, not the fluent API: the fluent one keeps its active run in global state, which
    blocks sharing one process (Mage's server) would see of each other.
    """

    def __init__(self, settings: Settings) -> None:
        self.uri = settings.tracking_uri
        # Alembic and MLflow speak on the root logger; Mage records that as block output.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self.client = MlflowClient(tracking_uri=self.uri)
        self.model_name = settings.model_name

    def check(self) -> None:
        """Raise ServiceError unless the server answers in time."""
        check_tracking(self.uri)

    def start_run(self, name: str, tags: Mapping[str, str], parent: str | None = None) -> str:
        """Create a run and return its id."""
        with self._errors():
            if self.client.get_experiment_by_name(EXPERIMENT) is None:
                # Another run may create it between the two calls.
                with suppress(MlflowException):
                    self.client.create_experiment(EXPERIMENT)
            number = self.client.get_experiment_by_name(EXPERIMENT).experiment_id
            nested = {PARENT_TAG: parent} if parent else {}
            run = self.client.create_run(number, run_name=name, tags={**tags, **nested})
            return str(run.info.run_id)

    def end_run(self, run_id: str, status: str = "FINISHED") -> None:
        """Close a run."""
        with self._errors():
            self.client.set_terminated(run_id, status)

    @contextmanager
    def failing(self, run_id: str) -> Iterator[str]:
        """Close the run as failed if the work inside ends with an error or an interrupt."""
        try:
            yield run_id
        except BaseException:
            self.end_run(run_id, "FAILED")
            raise

    def log(
        self,
        run_id: str,
        params: Mapping[str, object] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log parameters, metrics and tags in one request."""
        now = mlflow.utils.time.get_current_time_millis()
        with self._errors():
            self.client.log_batch(
                run_id,
                metrics=[Metric(k, float(v), now, 0) for k, v in (metrics or {}).items()],
                params=[Param(k, str(v)[:MAX_PARAMETER]) for k, v in (params or {}).items()],
                tags=[RunTag(k, v) for k, v in (tags or {}).items()],
            )

    def log_steps(self, run_id: str, name: str, values: list[float]) -> None:
        """Log one metric over steps 0..n-1 in one request."""
        now = mlflow.utils.time.get_current_time_millis()
        with self._errors():
            self.client.log_batch(
                run_id, metrics=[Metric(name, value, now, k) for k, value in enumerate(values)]
            )

    def log_files(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Store artifacts, by path, in one go."""
        with TemporaryDirectory() as folder, self._errors():
            for path, data in files.items():
                file = Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            self.client.log_artifacts(run_id, folder)

    def read_bytes(self, run_id: str, path: str) -> bytes:
        """Return an artifact's bytes."""
        with TemporaryDirectory() as folder, self._errors():
            return Path(self.client.download_artifacts(run_id, path, folder)).read_bytes()

    def champion_version(self) -> str | None:
        """Return the version the champion alias names, or None."""
        try:
            return str(self.client.get_model_version_by_alias(self.model_name, CHAMPION).version)
        except MlflowException as error:
            # A model without the alias answers INVALID_PARAMETER_VALUE.
            if error.error_code in (MISSING, "INVALID_PARAMETER_VALUE"):
                return None
            raise ServiceError("MLflow", self.uri, error) from error

    def set_champion(self, version: str) -> None:
        """Point the champion alias to ``version``."""
        with self._errors():
            self.client.set_registered_model_alias(self.model_name, CHAMPION, version)

    def register(self, run_id: str, source: str, tags: Mapping[str, str]) -> str:
        """Create a model version for ``run_id`` and return its number as text."""
        with self._errors():
            try:
                self.client.create_registered_model(self.model_name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            version = self.client.create_model_version(
                self.model_name, source=source, run_id=run_id, tags=dict(tags)
            )
            return str(version.version)

    def run_with(self, tag: str, value: str) -> str | None:
        """Return the newest run that carries this tag, or None."""
        with self._errors():
            experiment = self.client.get_experiment_by_name(EXPERIMENT)
            if experiment is None:
                return None
            runs = self.client.search_runs(
                [experiment.experiment_id], f"tags.{tag} = '{value}'", max_results=1
            )
        return str(runs[0].info.run_id) if runs else None

    def versions_of(self, run_id: str) -> list[str]:
        """Return the versions registered for ``run_id``, newest first."""
        with self._errors():
            versions = self.client.search_model_versions(f"run_id = '{run_id}'")
        numbers = [int(v.version) for v in versions if v.name == self.model_name]
        return [str(number) for number in sorted(numbers, reverse=True)]

    def tag_version(self, version: str, tags: Mapping[str, str]) -> None:
        """Set tags on a model version."""
        with self._errors():
            for key, value in tags.items():
                self.client.set_model_version_tag(self.model_name, version, key, value)

    def describe_version(self, version: str, text: str) -> None:
        """Set the description people read beside a model version."""
        with self._errors():
            self.client.update_model_version(self.model_name, version, description=text)

    def artifact_uri(self, run_id: str, path: str) -> str:
        """Return the address of a run's artifact."""
        with self._errors():
            base = self.client.get_run(run_id).info.artifact_uri
        return f"{base}/{path}"

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what MLflow and its HTTP stack raise into ServiceError."""
        try:
            yield
        except (MlflowException, OSError) as error:
            raise ServiceError("MLflow", self.uri, error) from error
