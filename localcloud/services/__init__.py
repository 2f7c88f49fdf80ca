"""The servers of the local cloud, one module each."""
