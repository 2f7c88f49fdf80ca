"""From the bytes of a Kinesis event to the bytes of its answers, and onto the output stream."""
