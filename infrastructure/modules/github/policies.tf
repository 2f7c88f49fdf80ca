# The rights of the three roles. Names come from vars/ENVIRONMENT.tfvars.json, so every ARN is exact; where AWS knows no
# resource, or chooses the identifier itself, the statement says so and a condition narrows it.

data "aws_iam_policy_document" "state_read" {
  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = [local.state_object, local.serving_object]
  }

  statement {
    sid       = "FindState"
    actions   = ["s3:ListBucket"]
    resources = [var.state_bucket_arn]
  }

  statement {
    sid       = "DecryptState"
    actions   = ["kms:Decrypt"]
    resources = [var.state_key_arn]
  }
}

data "aws_iam_policy_document" "state_write" {
  source_policy_documents = [data.aws_iam_policy_document.state_read.json]

  statement {
    sid       = "WriteState"
    actions   = ["s3:PutObject"]
    resources = [local.state_object, local.serving_object]
  }

  statement {
    sid       = "LockState"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${local.state_object}.tflock"]
  }

  statement {
    sid       = "EncryptState"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.state_key_arn]
  }
}

data "aws_iam_policy_document" "enumerate" {
  # checkov:skip=CKV_AWS_356:the calls of "Enumerate" know no resource; they read names and settings, no data

  statement {
    sid = "Enumerate"
    actions = [
      "cloudwatch:DescribeAlarms",
      "ec2:DescribeAddresses",
      "ec2:DescribeAddressesAttribute",
      "ec2:DescribeFlowLogs",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeNatGateways",
      "ec2:DescribeNetworkAcls",
      "ec2:DescribePrefixLists",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroupRules",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcAttribute",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcs",
      "ecs:DescribeTaskDefinition",
      "kms:ListAliases",
      "lambda:GetAccountSettings",
      "lambda:ListEventSourceMappings",
      "logs:DescribeLogGroups",
      "rds:DescribeDBInstances",
      "rds:DescribeDBParameterGroups",
      "rds:DescribeDBParameters",
      "rds:DescribeDBSubnetGroups",
      "rds:ListTagsForResource",
      "servicediscovery:GetNamespace",
      "servicediscovery:GetService",
      "servicediscovery:ListTagsForResource",
      "ses:GetEmailIdentity",
      "ses:ListTagsForResource",
      "sns:GetSubscriptionAttributes",
      "sts:GetCallerIdentity",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReadServices"
    actions   = ["ecs:DescribeServices", "ecs:DescribeClusters", "ecs:ListTagsForResource"]
    resources = concat(local.services, local.families, [for cluster in ["monitoring", "training"] : "${local.regional.ecs}:cluster/${var.name}-${cluster}"])
  }

  # The secrets' settings, not their values.
  statement {
    sid       = "DescribeSecret"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"]
    resources = local.secrets
  }

  # Here, because "refresh" is full: a managed policy has 6,144 characters.
  statement {
    sid       = "ReadLogGroupsAndAlarms"
    actions   = ["logs:ListTagsForResource", "cloudwatch:ListTagsForResource"]
    resources = concat(local.log_groups, local.task_log_groups, local.database_log_groups, [local.flow_log_group, local.alarms])
  }
}

# What Terraform reads to compare the streaming core with the plan, each by its name.
data "aws_iam_policy_document" "refresh" {
  statement {
    sid       = "ReadStreams"
    actions   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListTagsForResource", "kinesis:ListTagsForStream"]
    resources = local.streams
  }

  statement {
    sid = "ReadBuckets"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucketAcl",
      "s3:GetBucketCORS",
      "s3:GetBucketLocation",
      "s3:GetBucketLogging",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketOwnershipControls",
      "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketRequestPayment",
      "s3:GetBucketTagging",
      "s3:GetBucketVersioning",
      "s3:GetBucketWebsite",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
    ]
    resources = local.buckets
  }

  statement {
    sid       = "ReadQueueAndTopic"
    actions   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"]
    resources = [local.queue, local.topic, local.ended_queue]
  }

  statement {
    sid       = "ReadRules"
    actions   = ["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"]
    resources = local.rules
  }

  # A function's environment is encrypted with the data key: without this Lambda hides it, and a plan would set it again.
  # Through Lambda only: nothing else that the key protects can be read with it.
  statement {
    sid       = "ReadEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [local.key]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = ["student-performance"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["lambda.${local.region}.amazonaws.com"]
    }
  }

  statement {
    sid = "ReadFunctions"
    actions = [
      "lambda:GetFunction",
      "lambda:GetFunctionCodeSigningConfig",
      "lambda:GetFunctionConcurrency",
      "lambda:GetFunctionConfiguration",
      "lambda:GetFunctionUrlConfig",
      "lambda:GetPolicy",
      "lambda:ListTags",
      "lambda:ListVersionsByFunction",
    ]
    resources = local.functions
  }

  # AWS chooses a mapping's identifier.
  statement {
    sid       = "ReadMapping"
    actions   = ["lambda:GetEventSourceMapping", "lambda:ListTags"]
    resources = [local.mappings]

    condition {
      test     = "ArnEqualsIfExists"
      variable = "lambda:FunctionArn"
      values   = local.functions
    }
  }

  statement {
    sid       = "ReadRepositories"
    actions   = ["ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource"]
    resources = local.repositories
  }

  statement {
    sid       = "ReadRoles"
    actions   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
    resources = concat(local.roles, local.task_roles, local.rule_roles, ["arn:${local.partition}:iam::${local.account_id}:role/${var.name}-flow-logs"])
  }

  # AWS chooses a key's identifier; the tags narrow it to this environment's.
  statement {
    sid       = "ReadKey"
    actions   = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
    resources = [local.key]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = ["student-performance"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }
  }
}

data "aws_iam_policy_document" "storage" {
  # checkov:skip=CKV_AWS_356:a key's creation and the registry log-in know no resource
  # checkov:skip=CKV_AWS_109:the key's policy is managed here, on this environment's keys only
  # checkov:skip=CKV_AWS_111:as above

  statement {
    sid = "ManageStreams"
    actions = [
      "kinesis:AddTagsToStream",
      "kinesis:CreateStream",
      "kinesis:DecreaseStreamRetentionPeriod",
      "kinesis:IncreaseStreamRetentionPeriod",
      "kinesis:StartStreamEncryption",
      "kinesis:TagResource",
      "kinesis:UpdateShardCount",
      "kinesis:UpdateStreamMode",
    ]
    resources = local.streams
  }

  statement {
    sid = "ManageBuckets"
    actions = [
      "s3:CreateBucket",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketTagging",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = local.buckets
  }

  statement {
    sid       = "ManageQueueAndTopic"
    actions   = ["sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sns:CreateTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:Unsubscribe"]
    resources = [local.queue, local.topic]
  }

  statement {
    sid = "ManageRepositories"
    actions = [
      "ecr:CreateRepository",
      "ecr:PutImageScanningConfiguration",
      "ecr:PutImageTagMutability",
      "ecr:PutLifecyclePolicy",
      "ecr:SetRepositoryPolicy",
      "ecr:TagResource",
    ]
    resources = local.repositories
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = local.repositories
  }

  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "CreateKey"
    actions   = ["kms:CreateKey", "kms:TagResource"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Project"
      values   = ["student-performance"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Environment"
      values   = [var.environment]
    }
  }

  # No right to schedule the deletion: destroying data is an administrator's act.
  statement {
    sid = "ManageKey"
    actions = [
      "kms:CreateAlias",
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:EnableKeyRotation",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:PutKeyPolicy",
      "kms:RetireGrant",
      "kms:UpdateKeyDescription",
    ]
    resources = [local.key]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = ["student-performance"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }
  }

  statement {
    sid       = "NameKey"
    actions   = ["kms:CreateAlias", "kms:UpdateAlias"]
    resources = [local.alias]
  }
}

data "aws_iam_policy_document" "compute" {
  # checkov:skip=CKV_AWS_356:a mapping's creation knows no resource; the condition names the function
  # checkov:skip=CKV_AWS_109:the two roles of this service, by name
  # checkov:skip=CKV_AWS_111:as above

  statement {
    sid = "ManageFunctions"
    actions = [
      "lambda:AddPermission",
      "lambda:CreateFunction",
      "lambda:CreateFunctionUrlConfig",
      "lambda:DeleteFunctionConcurrency",
      "lambda:DeleteFunctionUrlConfig",
      "lambda:PutFunctionConcurrency",
      "lambda:RemovePermission",
      "lambda:TagResource",
      "lambda:UpdateFunctionCode",
      "lambda:UpdateFunctionConfiguration",
      "lambda:UpdateFunctionUrlConfig",
    ]
    resources = local.functions
  }

  statement {
    sid       = "CreateMapping"
    actions   = ["lambda:CreateEventSourceMapping"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "lambda:FunctionArn"
      values   = local.functions
    }
  }

  statement {
    sid       = "UpdateMapping"
    actions   = ["lambda:TagResource", "lambda:UpdateEventSourceMapping"]
    resources = [local.mappings]

    condition {
      test     = "ArnEqualsIfExists"
      variable = "lambda:FunctionArn"
      values   = local.functions
    }
  }

  # IAM is asked about a group's stream without a name where the group itself is meant; about the group where its tags are.
  statement {
    sid       = "ManageLogGroups"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"]
    resources = concat(local.log_groups, [for group in local.log_groups : "${group}:log-stream:"])
  }

  statement {
    sid       = "ManageAlarms"
    actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"]
    resources = [local.alarms]
  }

  statement {
    sid       = "DescribeFunctionRoles"
    actions   = ["iam:TagRole", "iam:UpdateRoleDescription"]
    resources = local.roles
  }

  # Whoever writes a role's policy and hands the role on has all that the policy says: never more than the boundary.
  statement {
    sid       = "ManageFunctionRoles"
    actions   = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]
    resources = local.roles

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [local.boundary_arn]
    }
  }

  statement {
    sid       = "HandRolesToLambda"
    actions   = ["iam:PassRole"]
    resources = local.roles

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["lambda.amazonaws.com"]
    }
  }

  # Monitoring and training: new images only. Making or removing them is an administrator's apply.
  statement {
    sid       = "RegisterTasks"
    actions   = ["ecs:RegisterTaskDefinition", "ecs:TagResource"]
    resources = local.definitions
  }

  statement {
    sid       = "RollOutTasks"
    actions   = ["ecs:UpdateService"]
    resources = local.services
  }

  statement {
    sid       = "HandRolesToTasks"
    actions   = ["iam:PassRole"]
    resources = local.task_roles

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# The smoke test: one student in, its answer out.
data "aws_iam_policy_document" "smoke" {
  statement {
    sid       = "PutStudents"
    actions   = ["kinesis:PutRecord", "kinesis:PutRecords"]
    resources = [local.streams[0]]
  }

  statement {
    sid       = "ReadPredictions"
    actions   = ["kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    resources = [local.streams[1]]
  }
}

# No right on ECS at all: an override could run any code with the publisher's role, and IAM knows no condition on overrides. The
# event names no command; the rule that starts the training holds it (modules/training/retrain.tf).
data "aws_iam_policy_document" "training" {
  statement {
    sid       = "AskForTraining"
    actions   = ["events:PutEvents"]
    resources = ["${local.regional.events}:event-bus/default"]

    condition {
      test     = "StringEquals"
      variable = "events:source"
      values   = [var.name]
    }

    condition {
      test     = "StringEquals"
      variable = "events:detail-type"
      values   = ["retrain"]
    }
  }

  statement {
    sid       = "HearOfItsEnd"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    resources = [local.ended_queue]
  }

  statement {
    sid       = "ReadVerdict"
    actions   = ["s3:GetObject"]
    resources = ["${local.buckets[1]}/outcomes/*"]
  }

  statement {
    sid       = "DecryptVerdict"
    actions   = ["kms:Decrypt"]
    resources = [local.key]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = ["student-performance"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }
  }
}

# A version between environments. Where this one trains, what is sent goes below incoming/ and its own task judges and publishes
# it (modules/training/promote.tf); only where nothing trains this role publishes itself.
data "aws_iam_policy_document" "promotion" {
  statement {
    sid       = "ReadModel"
    actions   = ["s3:GetObject"]
    resources = [local.models]
  }

  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = local.s.enable_training ? local.buckets : [local.buckets[0]]
  }

  statement {
    sid       = "UseVersionsKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = ["student-performance"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }
  }

  statement {
    sid       = local.s.enable_training ? "Send" : "Publish"
    actions   = ["s3:PutObject"]
    resources = local.s.enable_training ? [for file in ["model.onnx", "manifest.json", "request.json"] : "${local.buckets[1]}/incoming/${file}"] : [local.models]
  }

  dynamic "statement" {
    for_each = local.s.enable_training ? [true] : []

    content {
      sid       = "AskForJudgement"
      actions   = ["events:PutEvents"]
      resources = ["${local.regional.events}:event-bus/default"]

      condition {
        test     = "StringEquals"
        variable = "events:source"
        values   = [var.name]
      }

      condition {
        test     = "StringEquals"
        variable = "events:detail-type"
        values   = ["promote"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.s.enable_training ? [true] : []

    content {
      sid       = "ReadVerdict"
      actions   = ["s3:GetObject"]
      resources = ["${local.buckets[1]}/outcomes/*"]
    }
  }
}
