# A rotated database password: what read the old one when it started is started anew. EventBridge has no target for ECS's
# UpdateService, so the rules start one small task that asks for it. Two rules, because Secrets Manager's event comes through
# CloudTrail, which an account may lack, and RDS sends its own as well as it can; a second restart does no harm. Should both stay
# away, the services' health checks ask the database with the password they hold, and ECS replaces what fails.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region

  rules = {
    rotated-secret = {
      description = "The database's secret was rotated"
      pattern = {
        source      = ["aws.secretsmanager"]
        detail-type = ["AWS Service Event via CloudTrail"]
        detail      = { eventName = ["RotationSucceeded"], additionalEventData = { SecretId = [var.database.secret_arn] } }
      }
    }
    rotated-instance = {
      description = "The database's master password was set anew"
      pattern = {
        source      = ["aws.rds"]
        detail-type = ["RDS DB Instance Event"]
        detail      = { EventID = ["RDS-EVENT-0016"], SourceIdentifier = [var.database.identifier] }
      }
    }
  }

  script = <<-PYTHON
    import json, os, boto3
    client = boto3.client("ecs")
    for service, cluster in json.loads(os.environ["SERVICES"]).items():
        client.update_service(cluster=cluster, service=service, forceNewDeployment=True)
        print("restarting", service)
  PYTHON
}

data "aws_iam_policy_document" "task" {
  statement {
    sid       = "Restart"
    actions   = ["ecs:UpdateService"]
    resources = [for service, cluster in var.services : "arn:${local.partition}:ecs:${local.region}:${local.account_id}:service/${cluster}/${service}"]
  }
}

module "task" {
  source = "../fargate_service"

  name                     = "${var.name}-restart"
  short_name               = "restart"
  service                  = false
  cluster_arn              = var.cluster_arn
  image_uri                = var.image_uri
  repository_arn           = var.repository_arn
  architecture             = var.architecture
  cpu                      = 256
  memory_mb                = 512
  entry_point              = ["python", "-c"]
  command                  = [local.script]
  environment              = { AWS_DEFAULT_REGION = local.region, SERVICES = jsonencode(var.services) }
  network                  = var.network
  task_policy_json         = data.aws_iam_policy_document.task.json
  log_retention_days       = var.log_retention_days
  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for key in keys(local.rules) : "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.name}-${key}"]
    }
  }
}

resource "aws_iam_role" "rule" {
  name                 = "${var.name}-restart-rule"
  description          = "Starts the task that restarts the readers of the database's password"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary_arn
}

data "aws_iam_policy_document" "rule" {
  statement {
    sid       = "RunTask"
    actions   = ["ecs:RunTask"]
    resources = ["${module.task.family_arn}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  statement {
    sid       = "HandRolesToTask"
    actions   = ["iam:PassRole"]
    resources = module.task.role_arns

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "rule" {
  name   = "rule"
  role   = aws_iam_role.rule.name
  policy = data.aws_iam_policy_document.rule.json
}

resource "aws_cloudwatch_event_rule" "rotated" {
  for_each = local.rules

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "restart" {
  for_each = aws_cloudwatch_event_rule.rotated

  rule     = each.value.name
  arn      = var.cluster_arn
  role_arn = aws_iam_role.rule.arn
  # No override: what is started is the task definition as it stands.
  input = jsonencode({})

  ecs_target {
    task_definition_arn = module.task.family_arn
    launch_type         = "FARGATE"
    task_count          = 1

    network_configuration {
      subnets          = var.network.private_subnet_ids
      security_groups  = [module.task.security_group_id]
      assign_public_ip = false
    }
  }

  depends_on = [aws_iam_role_policy.rule]
}
