"""Why the demo stops early."""

from contract.errors import StudentPerformanceError


class DemoFailed(StudentPerformanceError):
    """A step of `make run` did not end as it must; the message says which and where to look."""

    code = "demo_failed"
