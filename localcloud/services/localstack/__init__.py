"""LocalStack in place of the emulator: the pinned image, or the same version without Docker."""
