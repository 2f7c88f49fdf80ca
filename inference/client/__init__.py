"""A small client for people: send students, read predictions, join both in a CSV."""

from contract.errors import StudentPerformanceError


class ClientUsageError(StudentPerformanceError):
    """Something the user gave cannot be used; the message says what and how to mend it."""

    code = "client"
