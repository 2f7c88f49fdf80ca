"""What stands around every request: key, limits, headers, journal, error documents."""
