"""Every way training can fail, in one place; ``code`` is stable and greppable."""

from contract.errors import StudentPerformanceError


class TrainingError(StudentPerformanceError):
    """Root of what training raises."""

    code = "training"


class VariableError(TrainingError):
    """A runtime variable is missing or not accepted."""

    code = "training.variable"

    def __init__(self, name: str, accepted: str) -> None:
        super().__init__(f"{name}: accepted is {accepted}")


class SourceError(TrainingError):
    """The students file cannot be found, read or downloaded."""

    code = "training.source"


class DataContractError(TrainingError):
    """The students file breaks the data contract; the message names file, row and column."""

    code = "training.data_contract"


class ServiceError(TrainingError):
    """MLflow, S3 or Postgres did not answer, or refused."""

    code = "training.service"

    def __init__(self, service: str, address: str, reason: object) -> None:
        super().__init__(f"{service} at {address} cannot be used: {reason}")


class ConversionError(TrainingError):
    """A candidate cannot be written as ONNX, or the ONNX model does not agree with it."""

    code = "training.conversion"


class SelectionError(TrainingError):
    """No candidate survived, so there is nothing to promote."""

    code = "training.selection"


class PublicationError(TrainingError):
    """A bundle or the champion pointer could not be published, or another writer was first."""

    code = "training.publication"


class PipelineError(TrainingError):
    """A Mage pipeline run failed; the message names the pipeline and the block's error."""

    code = "training.pipeline"
