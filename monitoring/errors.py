"""The faults of monitoring: each names what went wrong and has a stable code."""

from contract.errors import StudentPerformanceError


class MonitoringError(StudentPerformanceError):
    """Root of the errors monitoring raises."""

    code = "monitoring"


class MigrationError(MonitoringError):
    """The database's schema is not one this program can work with."""

    code = "monitoring.migration"


class FencedError(MonitoringError):
    """Another consumer has moved the checkpoint; this one's batch is void."""

    code = "monitoring.fenced"

    def __init__(self, shard_id: str, expected: str | None, actual: str | None) -> None:
        super().__init__(
            f"shard {shard_id}: checkpoint is {actual}, this consumer was at {expected}"
        )


class LabelError(MonitoringError):
    """A label file or label record cannot be used."""

    code = "monitoring.label"


class ReferenceMissingError(MonitoringError):
    """No reference set exists for the model version."""

    code = "monitoring.reference_missing"


class ReferenceUnusableError(MonitoringError):
    """The reference set lacks a column or holds no row."""

    code = "monitoring.reference_unusable"


class MetricError(MonitoringError):
    """Evidently answered in a shape the adapter does not know."""

    code = "monitoring.windows.metric"


class DeliveryError(MonitoringError):
    """A mail or a retraining request could not be delivered this time."""

    code = "monitoring.delivery"


class WindowNotFoundError(MonitoringError):
    """No window has this number."""

    code = "monitoring.window_not_found"


class StudentsError(MonitoringError):
    """A student's data cannot be given out or forgotten this time."""

    code = "monitoring.students"
