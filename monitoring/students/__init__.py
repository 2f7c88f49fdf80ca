"""One student's data: given out, and forgotten."""
