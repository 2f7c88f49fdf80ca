"""What Terraform asks AWS, by resource type: to compare a resource with the plan, and to change it.

Sources: the AWS provider's resources, and AWS's Service Authorization Reference for the resource
form and the condition keys of each action. ARNs are filled in from the planned values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tests.infrastructure.support.iam import Request

HERE: Final = "us-east-1:000000000000"
NAME: Final = "student-performance-stg"
TAGGED: Final = {
    "aws:ResourceTag/Project": "student-performance",
    "aws:ResourceTag/Environment": "stg",
}
NEW_TAGS: Final = {
    "aws:RequestTag/Project": "student-performance",
    "aws:RequestTag/Environment": "stg",
}
BOUNDED: Final = {"iam:PermissionsBoundary": f"arn:aws:iam::000000000000:policy/{NAME}-boundary"}
FUNCTION: Final = f"arn:aws:lambda:{HERE}:function:{NAME}-inference"
KEY: Final = f"arn:aws:kms:{HERE}:key/1"
MAPPING: Final = f"arn:aws:lambda:{HERE}:event-source-mapping:1"
RDS_SECRET: Final = f"arn:aws:secretsmanager:{HERE}:secret:rds!db-1b2c3d4e-AbCdEf"


class Calls(NamedTuple):
    """Actions on one form of a resource: without blanks in between, ``refresh`` and ``apply``."""

    arn: str
    refresh: str = ""
    apply: str = ""
    context: Mapping[str, str] = MappingProxyType({})


BUCKET: Final = "arn:aws:s3:::{bucket}"
ROLE: Final = "arn:aws:iam::000000000000:role/{name}"
LOG_GROUP: Final = f"arn:aws:logs:{HERE}:log-group:{{name}}"
REPOSITORY: Final = f"arn:aws:ecr:{HERE}:repository/{{repository}}"
QUEUE: Final = f"arn:aws:sqs:{HERE}:{{name}}"
TOPIC: Final = f"arn:aws:sns:{HERE}:{NAME}-alarms"
RULE: Final = f"arn:aws:events:{HERE}:rule/{{name}}"
TO_LAMBDA: Final = {"iam:PassedToService": "lambda.amazonaws.com"}
TO_TASKS: Final = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
THROUGH_LAMBDA: Final = {**TAGGED, "kms:ViaService": "lambda.us-east-1.amazonaws.com"}


def anywhere(refresh: str) -> tuple[Calls, ...]:
    """Calls that know no resource."""
    return (Calls("*", refresh),)


CALLS: Final[dict[str, tuple[Calls, ...]]] = {
    "aws_cloudwatch_event_rule": (Calls(RULE, "events:DescribeRule events:ListTagsForResource"),),
    "aws_cloudwatch_event_target": (
        Calls(f"arn:aws:events:{HERE}:rule/{{rule}}", "events:ListTargetsByRule"),
    ),
    "aws_cloudwatch_log_group": (
        Calls("*", "logs:DescribeLogGroups"),
        Calls(LOG_GROUP, "logs:ListTagsForResource", "logs:TagResource"),
        # What IAM is asked for the group as a whole: the group's stream without a name.
        Calls(
            f"{LOG_GROUP}:log-stream:",
            apply="logs:AssociateKmsKey logs:CreateLogGroup logs:PutRetentionPolicy",
        ),
    ),
    "aws_cloudwatch_metric_alarm": (
        Calls("*", "cloudwatch:DescribeAlarms"),
        Calls(
            f"arn:aws:cloudwatch:{HERE}:alarm:{{alarm_name}}",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm cloudwatch:TagResource",
        ),
    ),
    "aws_db_instance": anywhere("rds:DescribeDBInstances rds:ListTagsForResource"),
    "aws_db_parameter_group": anywhere(
        "rds:DescribeDBParameterGroups rds:DescribeDBParameters rds:ListTagsForResource"
    ),
    "aws_db_subnet_group": anywhere("rds:DescribeDBSubnetGroups rds:ListTagsForResource"),
    "aws_default_security_group": anywhere("ec2:DescribeSecurityGroups"),
    "aws_ecr_lifecycle_policy": (
        Calls(REPOSITORY, "ecr:GetLifecyclePolicy", "ecr:PutLifecyclePolicy"),
    ),
    "aws_ecr_repository": (
        Calls(
            f"arn:aws:ecr:{HERE}:repository/{{name}}",
            "ecr:DescribeRepositories ecr:ListTagsForResource",
            "ecr:CreateRepository ecr:PutImageScanningConfiguration ecr:PutImageTagMutability"
            " ecr:TagResource ecr:BatchCheckLayerAvailability ecr:CompleteLayerUpload"
            " ecr:InitiateLayerUpload ecr:PutImage ecr:UploadLayerPart ecr:BatchGetImage",
        ),
        Calls(KEY, apply="kms:CreateGrant kms:DescribeKey kms:RetireGrant", context=TAGGED),
        Calls("*", apply="ecr:GetAuthorizationToken"),
    ),
    "aws_ecr_repository_policy": (
        Calls(REPOSITORY, "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"),
    ),
    "aws_ecs_cluster": (
        Calls(
            f"arn:aws:ecs:{HERE}:cluster/{{name}}", "ecs:DescribeClusters ecs:ListTagsForResource"
        ),
    ),
    "aws_ecs_service": (
        Calls(
            f"arn:aws:ecs:{HERE}:service/{{cluster_name}}/{{name}}",
            "ecs:DescribeServices ecs:ListTagsForResource",
            "ecs:UpdateService",
        ),
    ),
    "aws_ecs_task_definition": (
        Calls("*", "ecs:DescribeTaskDefinition"),
        Calls(
            f"arn:aws:ecs:{HERE}:task-definition/{{family}}:7",
            apply="ecs:RegisterTaskDefinition ecs:TagResource",
        ),
        *(
            Calls(
                f"arn:aws:iam::000000000000:role/{{family}}-{kind}",
                apply="iam:PassRole",
                context=TO_TASKS,
            )
            for kind in ("execution", "task")
        ),
    ),
    "aws_eip": anywhere("ec2:DescribeAddresses ec2:DescribeAddressesAttribute"),
    "aws_flow_log": anywhere("ec2:DescribeFlowLogs"),
    "aws_iam_role": (
        Calls(
            ROLE,
            "iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies",
            "iam:TagRole iam:UpdateRoleDescription",
        ),
        Calls(
            ROLE,
            apply="iam:CreateRole iam:PutRolePermissionsBoundary iam:UpdateAssumeRolePolicy",
            context=BOUNDED,
        ),
        Calls(ROLE, apply="iam:PassRole", context=TO_LAMBDA),
    ),
    "aws_iam_role_policy": (
        Calls("arn:aws:iam::000000000000:role/{role}", "iam:GetRolePolicy"),
        Calls("arn:aws:iam::000000000000:role/{role}", apply="iam:PutRolePolicy", context=BOUNDED),
    ),
    "aws_internet_gateway": anywhere("ec2:DescribeInternetGateways"),
    "aws_kinesis_stream": (
        Calls(
            f"arn:aws:kinesis:{HERE}:stream/{{name}}",
            "kinesis:DescribeStreamSummary kinesis:ListTagsForResource kinesis:ListTagsForStream",
            "kinesis:AddTagsToStream kinesis:CreateStream kinesis:DecreaseStreamRetentionPeriod"
            " kinesis:IncreaseStreamRetentionPeriod kinesis:StartStreamEncryption"
            " kinesis:TagResource kinesis:UpdateShardCount kinesis:UpdateStreamMode",
        ),
    ),
    "aws_kms_alias": (
        Calls("*", "kms:ListAliases"),
        Calls(f"arn:aws:kms:{HERE}:{{name}}", apply="kms:CreateAlias kms:UpdateAlias"),
        Calls(KEY, apply="kms:CreateAlias", context=TAGGED),
    ),
    "aws_kms_key": (
        Calls(
            KEY,
            "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
            "kms:EnableKeyRotation kms:PutKeyPolicy kms:UpdateKeyDescription",
            TAGGED,
        ),
        Calls("*", apply="kms:CreateKey kms:TagResource", context=NEW_TAGS),
    ),
    "aws_lambda_event_source_mapping": (
        Calls(
            MAPPING,
            "lambda:GetEventSourceMapping",
            "lambda:UpdateEventSourceMapping",
            {"lambda:FunctionArn": FUNCTION},
        ),
        Calls(MAPPING, "lambda:ListTags", "lambda:TagResource"),
        Calls(
            "*",
            apply="lambda:CreateEventSourceMapping",
            context={"lambda:FunctionArn": FUNCTION},
        ),
    ),
    "aws_lambda_function": (
        Calls(
            f"arn:aws:lambda:{HERE}:function:{{function_name}}",
            "lambda:GetFunction lambda:GetFunctionCodeSigningConfig lambda:GetFunctionConcurrency"
            " lambda:ListTags lambda:ListVersionsByFunction",
            "lambda:CreateFunction lambda:DeleteFunctionConcurrency lambda:PutFunctionConcurrency"
            " lambda:TagResource lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration",
        ),
        # Its environment is encrypted; Lambda reads it with the caller's rights.
        Calls(KEY, "kms:Decrypt", "kms:CreateGrant kms:Encrypt", THROUGH_LAMBDA),
    ),
    "aws_lambda_function_url": (
        Calls(
            f"arn:aws:lambda:{HERE}:function:{{function_name}}",
            "lambda:GetFunctionUrlConfig",
            "lambda:CreateFunctionUrlConfig lambda:UpdateFunctionUrlConfig",
        ),
    ),
    "aws_lambda_permission": (
        Calls(
            f"arn:aws:lambda:{HERE}:function:{{function_name}}",
            "lambda:GetPolicy",
            "lambda:AddPermission lambda:RemovePermission",
        ),
    ),
    "aws_nat_gateway": anywhere("ec2:DescribeNatGateways"),
    "aws_route": anywhere("ec2:DescribeRouteTables"),
    "aws_route_table": anywhere("ec2:DescribeRouteTables"),
    "aws_route_table_association": anywhere("ec2:DescribeRouteTables"),
    "aws_s3_bucket": (
        Calls(
            BUCKET,
            "s3:GetAccelerateConfiguration s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketLocation"
            " s3:GetBucketLogging s3:GetBucketObjectLockConfiguration s3:GetBucketPolicy"
            " s3:GetBucketRequestPayment s3:GetBucketTagging s3:GetBucketVersioning"
            " s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration"
            " s3:GetReplicationConfiguration s3:ListBucket",
            "s3:CreateBucket s3:PutBucketTagging",
        ),
    ),
    "aws_s3_bucket_lifecycle_configuration": (
        Calls(BUCKET, "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ),
    "aws_s3_bucket_ownership_controls": (
        Calls(BUCKET, "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ),
    "aws_s3_bucket_policy": (Calls(BUCKET, "s3:GetBucketPolicy", "s3:PutBucketPolicy"),),
    "aws_s3_bucket_public_access_block": (
        Calls(BUCKET, "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": (
        Calls(BUCKET, "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration"),
    ),
    "aws_s3_bucket_versioning": (
        Calls(BUCKET, "s3:GetBucketVersioning", "s3:PutBucketVersioning"),
    ),
    "aws_secretsmanager_secret": (
        Calls(
            f"arn:aws:secretsmanager:{HERE}:secret:{{name}}-AbCdEf",
            "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy",
        ),
    ),
    "aws_secretsmanager_secret_rotation": (Calls(RDS_SECRET, "secretsmanager:DescribeSecret"),),
    "aws_security_group": anywhere("ec2:DescribeSecurityGroups"),
    "aws_service_discovery_private_dns_namespace": anywhere(
        "servicediscovery:GetNamespace servicediscovery:ListTagsForResource"
    ),
    "aws_service_discovery_service": anywhere(
        "servicediscovery:GetService servicediscovery:ListTagsForResource"
    ),
    "aws_sesv2_email_identity": anywhere("ses:GetEmailIdentity ses:ListTagsForResource"),
    "aws_sns_topic": (
        Calls(
            TOPIC,
            "sns:GetTopicAttributes sns:ListTagsForResource",
            "sns:CreateTopic sns:SetTopicAttributes sns:TagResource",
        ),
    ),
    "aws_sns_topic_policy": (Calls(TOPIC, "sns:GetTopicAttributes", "sns:SetTopicAttributes"),),
    "aws_sns_topic_subscription": (
        Calls("*", "sns:GetSubscriptionAttributes"),
        Calls(TOPIC, apply="sns:Subscribe sns:Unsubscribe"),
    ),
    "aws_sqs_queue": (
        Calls(
            QUEUE,
            "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueueTags",
            "sqs:CreateQueue sqs:SetQueueAttributes sqs:TagQueue",
        ),
    ),
    "aws_sqs_queue_policy": (
        Calls(f"arn:aws:sqs:{HERE}:{NAME}-retrain-ended", "sqs:GetQueueAttributes"),
    ),
    "aws_subnet": anywhere("ec2:DescribeSubnets"),
    "aws_vpc": anywhere(
        "ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups"
        " ec2:DescribeVpcAttribute ec2:DescribeVpcs"
    ),
    "aws_vpc_endpoint": anywhere("ec2:DescribePrefixLists ec2:DescribeVpcEndpoints"),
    "aws_vpc_security_group_egress_rule": anywhere("ec2:DescribeSecurityGroupRules"),
    "aws_vpc_security_group_ingress_rule": anywhere("ec2:DescribeSecurityGroupRules"),
}


def requests(type_name: str, values: Mapping[str, Any], purpose: str) -> Iterator[Request]:
    """Yield the calls of one planned resource; ``purpose`` is refresh or apply."""
    for calls in CALLS[type_name]:
        for action in getattr(calls, purpose).split():
            yield Request(action, calls.arn.format_map(dict(values)), calls.context)
