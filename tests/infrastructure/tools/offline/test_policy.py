"""Policies are rendered as the provider renders them."""

from __future__ import annotations

import json

from infrastructure.tools.offline import policy


def test_a_policy_is_rendered_as_iam_reads_it() -> None:
    document = {
        "statement": [
            {
                "sid": "Read",
                "actions": ["s3:ListBucket", "s3:GetObject"],
                "resources": ["arn:aws:s3:::x"],
                "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
                "condition": [
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}
                ],
            },
            {
                "effect": "Deny",
                "actions": ["s3:*"],
                "principals": [{"type": "*", "identifiers": ["*"]}],
            },
        ]
    }
    assert json.loads(policy.render(document)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "arn:aws:s3:::x",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            {"Effect": "Deny", "Action": "s3:*", "Principal": "*"},
        ],
    }


def test_source_documents_come_first() -> None:
    first = policy.render({"statement": [{"sid": "A", "actions": ["s3:GetObject"]}]})
    both = {"source_policy_documents": [first], "statement": [{"sid": "B", "actions": ["s3:Put"]}]}
    assert [statement["Sid"] for statement in json.loads(policy.render(both))["Statement"]] == [
        "A",
        "B",
    ]
