"""A handler that cannot be loaded: for tests of the Lambda host."""

raise RuntimeError("told to fail at import")
