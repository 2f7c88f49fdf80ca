"""From a students file to the splits in S3."""
