"""The root of every error this project raises."""


class StudentPerformanceError(Exception):
    """Root of the error tree; ``code`` is stable and greppable."""

    code = "student_performance"
