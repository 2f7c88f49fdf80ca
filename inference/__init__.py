"""Serving: the contract, the model bundle, the Lambda handler and the web service."""
