# The worker that stores and judges predictions, and Grafana with the dashboards inside.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  sender_arn = "arn:${data.aws_partition.current.partition}:ses:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:identity/${aws_sesv2_email_identity.sender.email_identity}"
}

resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_224:sessions forward ports, encrypted with the key below; there is no shell output to log
  # checkov:skip=CKV_AWS_65:container insights is billed per metric; health checks restart what hangs, and the alarms below watch the outcome
  name = "${var.name}-monitoring"

  configuration {
    execute_command_configuration {
      kms_key_id = var.kms_key_arn
      logging    = "DEFAULT"
    }
  }
}

# The address must be confirmed once, by the link AWS mails to it.
resource "aws_sesv2_email_identity" "sender" {
  email_identity = var.alert_sender
}

data "aws_iam_policy_document" "worker" {
  statement {
    sid = "ReadPredictions"
    actions = [
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ]
    resources = [var.predictions_stream_arn]
  }

  # Its count alone: not a message, and nothing that could hide one.
  statement {
    sid       = "CountGivenUp"
    actions   = ["sqs:GetQueueAttributes"]
    resources = [var.failure_queue_arn]
  }

  statement {
    sid     = "ReadReferenceAndOutcomes"
    actions = ["s3:GetObject"]
    resources = [
      "${var.artifact_bucket_arn}/outcomes/*",
      "${var.artifact_bucket_arn}/reference/*",
      "${var.artifact_bucket_arn}/reports/*",
    ]
  }

  statement {
    sid       = "WriteReports"
    actions   = ["s3:PutObject"]
    resources = ["${var.artifact_bucket_arn}/reports/*"]
  }

  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [var.artifact_bucket_arn]
  }

  statement {
    sid       = "SendAlerts"
    actions   = ["ses:SendEmail", "ses:SendRawEmail"]
    resources = [local.sender_arn]
  }

  statement {
    sid       = "UseTheDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

module "worker" {
  source = "../fargate_service"

  name                     = "${var.name}-monitoring"
  short_name               = "monitoring"
  cluster_arn              = aws_ecs_cluster.this.arn
  image_uri                = var.worker_image_uri
  repository_arn           = var.worker_repository_arn
  architecture             = var.architecture
  cpu                      = 512
  memory_mb                = 2048
  command                  = ["worker"]
  preparation_command      = ["migrate"]
  health_command           = ["CMD", "python", "-m", "monitoring", "health"]
  network                  = var.network
  task_policy_json         = data.aws_iam_policy_document.worker.json
  log_retention_days       = var.log_retention_days
  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn

  environment = {
    AWS_DEFAULT_REGION      = data.aws_region.current.region
    DATABASE_URL            = "postgresql://${var.database.username}@${var.database.address}:5432/${var.database.name}?sslmode=require"
    PREDICTIONS_STREAM_NAME = var.predictions_stream_name
    FAILURE_QUEUE_URL       = var.failure_queue_url
    ARTIFACT_BUCKET         = var.artifact_bucket_name
    MODEL_NAME              = var.model_name
    MAGE_URL                = var.mage_url
    ENVIRONMENT             = var.environment
    DASHBOARD_URL           = var.dashboard_url
    RUNBOOK_URL             = var.runbook_url
    ALERT_SENDER            = var.alert_sender
    ALERT_RECIPIENTS        = join(",", var.alert_recipients)
    LOG_LEVEL               = var.log_level
    DO_NOT_TRACK            = "1"
  }

  secrets = {
    PGPASSWORD               = "${var.database.secret_arn}:password::"
    GRAFANA_RO_PASSWORD      = "${var.operator_secret_arn}:grafana_database_password::"
    RETRAINING_TRIGGER_TOKEN = "${var.operator_secret_arn}:retraining_trigger_token::"
  }
}

module "grafana" {
  source = "../fargate_service"

  name                     = "${var.name}-grafana"
  short_name               = "grafana"
  cluster_arn              = aws_ecs_cluster.this.arn
  image_uri                = var.grafana_image_uri
  repository_arn           = var.grafana_repository_arn
  architecture             = var.architecture
  cpu                      = 256
  memory_mb                = 512
  port                     = 3000
  health_command           = ["CMD", "wget", "--quiet", "--spider", "http://127.0.0.1:3000/api/health"]
  sessions                 = true
  network                  = var.network
  log_retention_days       = var.log_retention_days
  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn

  environment = {
    GRAFANA_DB_HOST    = "${var.database.address}:5432"
    GRAFANA_DB_NAME    = var.database.name
    GRAFANA_DB_SSLMODE = "require"
  }

  secrets = {
    GRAFANA_DB_PASSWORD        = "${var.operator_secret_arn}:grafana_database_password::"
    GF_SECURITY_ADMIN_PASSWORD = "${var.operator_secret_arn}:grafana_admin_password::"
  }
}

# Between the services: each pair named, in both directions.
resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each = { worker = module.worker.security_group_id, grafana = module.grafana.security_group_id }

  security_group_id            = var.database.security_group_id
  description                  = "Postgres from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = each.value
}

resource "aws_vpc_security_group_egress_rule" "database" {
  for_each = { worker = module.worker.security_group_id, grafana = module.grafana.security_group_id }

  security_group_id            = each.value
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = var.database.security_group_id
}

locals {
  quarter_of_retention_ms = var.stream_retention_hours * 3600 * 1000 / 4

  alarms = {
    monitoring-behind = {
      description = "The monitoring worker reads predictions late."
      namespace   = "AWS/Kinesis", metric = "GetRecords.IteratorAgeMilliseconds", dimensions = { StreamName = var.predictions_stream_name }
      statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = local.quarter_of_retention_ms, missing = "notBreaching"
    }
    monitoring-silent = {
      description = "Nobody reads the predictions: the worker is down."
      namespace   = "AWS/Kinesis", metric = "GetRecords.Success", dimensions = { StreamName = var.predictions_stream_name }
      statistic   = "SampleCount", comparison = "LessThanThreshold", threshold = 1, missing = "breaching"
    }
    database-storage = {
      description = "The database has less than 2 GiB left."
      namespace   = "AWS/RDS", metric = "FreeStorageSpace", dimensions = { DBInstanceIdentifier = var.database.identifier }
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = 2147483648, missing = "breaching"
    }
    database-cpu = {
      description = "The database is busy for a quarter of an hour."
      namespace   = "AWS/RDS", metric = "CPUUtilization", dimensions = { DBInstanceIdentifier = var.database.identifier }
      statistic   = "Average", comparison = "GreaterThanThreshold", threshold = 85, missing = "breaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.description} Runbook: ${var.runbook_url}#alarm-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
