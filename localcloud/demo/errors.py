"""Why a journey stops early."""

from contract.errors import StudentPerformanceError


class JourneyFailed(StudentPerformanceError):
    """A step of `make run` did not end as it must; the message says which and where to look."""

    code = "journey_failed"
