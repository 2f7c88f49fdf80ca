# A training on request. Whoever may put the event may start this one command and no other: the event carries nothing that is
# used but the identifier AWS gives it, which names the outcome. Its end is told to a queue, so that nobody needs a right on ECS.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account_id  = data.aws_caller_identity.current.account_id
  partition   = data.aws_partition.current.partition
  region      = data.aws_region.current.region
  cluster_arn = "arn:${local.partition}:ecs:${local.region}:${local.account_id}:cluster/${aws_ecs_cluster.this.name}"
  group       = "${var.name}-retrain"
  rule_arn    = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.name}"
}

resource "aws_cloudwatch_event_rule" "retrain" {
  name          = "${var.name}-retrain"
  description   = "Starts one training with the labelled predictions"
  event_pattern = jsonencode({ source = [var.name], detail-type = ["retrain"] })
}

resource "aws_cloudwatch_event_target" "retrain" {
  rule     = aws_cloudwatch_event_rule.retrain.name
  arn      = aws_ecs_cluster.this.arn
  role_arn = aws_iam_role.retrain.arn

  ecs_target {
    task_definition_arn = module.mage.family_arn
    launch_type         = "FARGATE"
    task_count          = 1
    group               = local.group

    network_configuration {
      subnets          = var.network.private_subnet_ids
      security_groups  = [module.mage.security_group_id]
      assign_public_ip = false
    }
  }

  input_transformer {
    input_paths = { request = "$.id" }
    # EventBridge puts the quotes around a variable; jsonencode would escape its brackets.
    input_template = <<-JSON
      {"containerOverrides": [{"name": "mage", "command": ["timeout", "--kill-after=60", "${var.retraining_timeout_seconds}", "python", "-m", "orchestrator.run", "--labelled", "--request-id", <request>]}]}
    JSON
  }

  # A training that nobody waits for any more is not started.
  retry_policy {
    maximum_event_age_in_seconds = 300
    maximum_retry_attempts       = 5
  }

  depends_on = [aws_iam_role_policy.retrain]
}

data "aws_iam_policy_document" "retrain_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["${local.rule_arn}-retrain", "${local.rule_arn}-promote"]
    }
  }
}

resource "aws_iam_role" "retrain" {
  name                 = "${var.name}-retrain-rule"
  description          = "Starts a training"
  assume_role_policy   = data.aws_iam_policy_document.retrain_assume.json
  permissions_boundary = var.permissions_boundary_arn
}

data "aws_iam_policy_document" "retrain" {
  statement {
    sid       = "RunTask"
    actions   = ["ecs:RunTask"]
    resources = ["${module.mage.family_arn}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [local.cluster_arn]
    }
  }

  statement {
    sid       = "HandRolesToTask"
    actions   = ["iam:PassRole"]
    resources = module.mage.role_arns

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "retrain" {
  name   = "rule"
  role   = aws_iam_role.retrain.name
  policy = data.aws_iam_policy_document.retrain.json
}

resource "aws_cloudwatch_event_rule" "ended" {
  name        = "${var.name}-retrain-ended"
  description = "A training on request ended"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail      = { clusterArn = [local.cluster_arn], group = [local.group], lastStatus = ["STOPPED"] }
  })
}

resource "aws_cloudwatch_event_target" "ended" {
  rule = aws_cloudwatch_event_rule.ended.name
  arn  = aws_sqs_queue.ended.arn
}

# Two hours: longer than anybody waits.
resource "aws_sqs_queue" "ended" {
  name                      = "${var.name}-retrain-ended"
  message_retention_seconds = 7200
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "ended" {
  statement {
    sid       = "RuleTells"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account_id}:${aws_sqs_queue.ended.name}"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["${local.rule_arn}-retrain-ended"]
    }
  }
}

resource "aws_sqs_queue_policy" "ended" {
  queue_url = aws_sqs_queue.ended.url
  policy    = data.aws_iam_policy_document.ended.json
}
