"""A stand-in for AWS Lambda on one machine: a function's runtime and its Kinesis event source
mapping. Never deployed.
"""
