# The ceiling of every role of the service. The deploy role may make and change roles only with it, so that neither a policy it
# writes nor a role it hands on can do more than the service does already: no IAM, no other environment, no other service.
# It grants nothing by itself. What a role gets stands with its module; a test holds every one of those rights against this.

data "aws_iam_policy_document" "boundary" {
  # checkov:skip=CKV_AWS_356:a ceiling grants nothing; log-in, traces and session channels know no resource
  # checkov:skip=CKV_AWS_109:as above
  # checkov:skip=CKV_AWS_111:as above

  statement {
    sid = "Streams"
    actions = [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
      "kinesis:PutRecords",
    ]
    resources = local.streams
  }

  statement {
    sid       = "Objects"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [for bucket in local.buckets : "${bucket}/*"]
  }

  statement {
    sid       = "Buckets"
    actions   = ["s3:ListBucket"]
    resources = local.buckets
  }

  statement {
    sid       = "FailureQueue"
    actions   = ["sqs:GetQueueAttributes", "sqs:SendMessage"]
    resources = [local.queue]
  }

  statement {
    sid       = "DataKey"
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
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [for group in concat(local.log_groups, local.task_log_groups, [local.flow_log_group]) : "${group}:log-stream:*"]
  }

  statement {
    sid       = "Images"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = local.repositories
  }

  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = local.secrets
  }

  statement {
    sid       = "Mails"
    actions   = ["ses:SendEmail", "ses:SendRawEmail"]
    resources = ["arn:${local.partition}:ses:${local.region}:${local.account_id}:identity/${local.s.alert_sender}"]
  }

  statement {
    sid       = "Restart"
    actions   = ["ecs:UpdateService"]
    resources = local.services
  }

  statement {
    sid       = "RuleTasks"
    actions   = ["ecs:RunTask"]
    resources = [for name in ["mage", "restart"] : "${local.regional.ecs}:task-definition/${var.name}-${name}:*"]
  }

  statement {
    sid       = "RuleRoles"
    actions   = ["iam:PassRole"]
    resources = flatten([for name in ["mage", "restart"] : [for kind in ["execution", "task"] : "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}-${kind}"]])

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  statement {
    sid = "NoResourceKnown"
    actions = [
      "ecr:GetAuthorizationToken",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "Ceiling of every role of ${var.name}; grants nothing by itself"
  policy      = data.aws_iam_policy_document.boundary.json
}
