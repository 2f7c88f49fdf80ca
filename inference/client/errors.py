"""The client's own error."""

from contract.errors import StudentPerformanceError


class ClientUsageError(StudentPerformanceError):
    """Something the user gave cannot be used; the message says what and how to mend it."""

    code = "client"
