"""What can go wrong when a plan is applied to the emulator."""

from inference.contract import StudentPerformanceError


class EmulationError(StudentPerformanceError):
    """The provider cannot be had, or an apply, second plan or destroy did not do what it must."""

    code = "terraform_emulation"
