"""A stand-in for AWS Lambda and its Kinesis event source mapping. Never deployed."""
