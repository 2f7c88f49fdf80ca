"""What can go wrong in a release."""

from contract.errors import StudentPerformanceError


class ReleaseError(StudentPerformanceError):
    """The release cannot go on."""

    code = "release"


class ProgramError(ReleaseError):
    """A program (aws, gh, skopeo, terraform) failed; the message is its own."""

    code = "release_program"


class ImageError(ReleaseError):
    """A commit's image is nowhere, or nobody vouches for it."""

    code = "release_image"


class PreflightError(ReleaseError):
    """The account is not ready for the plan."""

    code = "release_preflight"


class RolloutError(ReleaseError):
    """A service does not run the image it was given."""

    code = "release_rollout"


class NoAnswerError(ReleaseError):
    """A champion is published, and the student put through got no prediction."""

    code = "release_no_answer"
