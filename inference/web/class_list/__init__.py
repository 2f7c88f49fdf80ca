"""A class list as CSV in, its answers out."""
