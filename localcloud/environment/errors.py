"""What stops a setup."""


class SetupError(Exception):
    """Setup cannot go on; the message says what to do."""
