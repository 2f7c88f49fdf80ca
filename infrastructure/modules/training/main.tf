# Mage and MLflow: reachable by each other, by monitoring, and by people through sessions only.

data "aws_region" "current" {}

locals {
  # Each of the two owns a database of its own (the alembic versions of both would collide) and nothing else there; both are made
  # by a container that ends before the server starts. It alone holds the password of the database's owner.
  prepare      = ["python", "-c", file("${path.module}/prepare.py")]
  preparation  = { PGUSER = var.database.username }
  own_password = { for server in ["mage", "mlflow"] : server => "${var.operator_secret_arn}:${server}_database_password::" }
  prepare_with = { for server, password in local.own_password : server => { PGPASSWORD = "${var.database.secret_arn}:password::", OWN_PASSWORD = password } }

  # The server answers, and the database takes the password that this task holds: after a change it does not, and ECS starts the
  # task anew with the new one.
  health = { for server, path in { mlflow = "5000/health", mage = "6789/api/statuses" } : server => ["CMD", "python", "-c", <<-PYTHON
    import os, urllib.request, psycopg2
    urllib.request.urlopen("http://127.0.0.1:${path}", timeout=4)
    psycopg2.connect(dbname=os.environ["OWN_DATABASE"], connect_timeout=4).cursor().execute("SELECT 1")
  PYTHON
  ] }

  postgres = {
    PGHOST         = var.database.address
    PGPORT         = "5432"
    PGSSLMODE      = "require"
    FIRST_DATABASE = var.database.name
  }
}

resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_224:sessions forward ports, encrypted with the key below; there is no shell output to log
  # checkov:skip=CKV_AWS_65:container insights is billed per metric; health checks restart what hangs
  name = "${var.name}-training"

  configuration {
    execute_command_configuration {
      kms_key_id = var.kms_key_arn
      logging    = "DEFAULT"
    }
  }
}

data "aws_iam_policy_document" "mlflow" {
  # The server lists and deletes artifacts; clients write them themselves.
  statement {
    sid       = "ManageArtifacts"
    actions   = ["s3:DeleteObject", "s3:GetObject"]
    resources = ["${var.artifact_bucket_arn}/mlflow/*"]
  }

  statement {
    sid       = "ListArtifacts"
    actions   = ["s3:ListBucket"]
    resources = [var.artifact_bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["mlflow/*"]
    }
  }

  statement {
    sid       = "UseTheDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

module "mlflow" {
  source = "../fargate_service"

  name                     = "${var.name}-mlflow"
  short_name               = "mlflow"
  cluster_arn              = aws_ecs_cluster.this.arn
  image_uri                = var.mlflow_image_uri
  repository_arn           = var.mlflow_repository_arn
  architecture             = var.architecture
  cpu                      = 512
  memory_mb                = 2048
  port                     = 5000
  preparation_command      = local.prepare
  health_command           = local.health.mlflow
  sessions                 = true
  network                  = var.network
  task_policy_json         = data.aws_iam_policy_document.mlflow.json
  log_retention_days       = var.log_retention_days
  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn

  environment = merge(local.postgres, {
    AWS_DEFAULT_REGION           = data.aws_region.current.region
    PGUSER                       = "mlflow"
    OWN_DATABASE                 = "mlflow"
    ALLOWED_HOSTS                = "mlflow.${var.network.namespace_name}"
    MLFLOW_BACKEND_STORE_URI     = "postgresql://mlflow@${var.database.address}:5432/mlflow"
    MLFLOW_DEFAULT_ARTIFACT_ROOT = "s3://${var.artifact_bucket_name}/mlflow"
  })

  secrets                 = { PGPASSWORD = local.own_password.mlflow }
  preparation_environment = local.preparation
  preparation_secrets     = local.prepare_with.mlflow
}

data "aws_iam_policy_document" "mage" {
  statement {
    sid       = "Artifacts"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = [for prefix in ["datasets", "mlflow", "outcomes", "reference"] : "${var.artifact_bucket_arn}/${prefix}/*"]
  }

  # What another environment sent (promote.tf).
  statement {
    sid       = "TakeWhatWasSent"
    actions   = ["s3:GetObject"]
    resources = [for file in ["model.onnx", "manifest.json", "request.json"] : "${var.artifact_bucket_arn}/incoming/${file}"]
  }

  # Made by the first training, then only read: what makes pseudonyms of students.
  statement {
    sid       = "PseudonymKey"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.artifact_bucket_arn}/keys/students.json"]
  }

  statement {
    sid       = "Publish"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.model_bucket_arn}/models/${var.model_name}/*"]
  }

  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [var.artifact_bucket_arn, var.model_bucket_arn]
  }

  statement {
    sid       = "UseTheDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

module "mage" {
  source = "../fargate_service"

  name                     = "${var.name}-mage"
  short_name               = "mage"
  cluster_arn              = aws_ecs_cluster.this.arn
  image_uri                = var.orchestrator_image_uri
  repository_arn           = var.orchestrator_repository_arn
  architecture             = var.architecture
  cpu                      = 2048
  memory_mb                = 8192
  port                     = 6789
  preparation_command      = local.prepare
  health_command           = local.health.mage
  sessions                 = true
  network                  = var.network
  task_policy_json         = data.aws_iam_policy_document.mage.json
  log_retention_days       = var.log_retention_days
  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn

  environment = merge(local.postgres, {
    AWS_DEFAULT_REGION           = data.aws_region.current.region
    PGUSER                       = "mage"
    OWN_DATABASE                 = "mage"
    ALLOWED_HOSTS                = "mage.${var.network.namespace_name}"
    MAGE_DATABASE_CONNECTION_URL = "postgresql+psycopg2://mage@${var.database.address}:5432/mage"
    DATABASE_URL                 = "postgresql://mage@${var.database.address}:5432/${var.database.name}?sslmode=require"
    MLFLOW_TRACKING_URI          = "http://${module.mlflow.host}:5000"
    MODEL_BUCKET                 = var.model_bucket_name
    MODEL_NAME                   = var.model_name
    ARTIFACT_BUCKET              = var.artifact_bucket_name
    # Whoever reaches the port must sign in as well; monitoring does, with the trigger's token, which nobody is shown.
    REQUIRE_USER_AUTHENTICATION = "1"
    HIDE_API_TRIGGER_TOKEN      = "1"
    SCHEDULER_TRIGGER_INTERVAL  = "1"
  })

  secrets = {
    PGPASSWORD               = local.own_password.mage
    DEFAULT_OWNER_PASSWORD   = "${var.operator_secret_arn}:mage_owner_password::"
    JWT_SECRET               = "${var.operator_secret_arn}:mage_signing_key::"
    RETRAINING_TRIGGER_TOKEN = "${var.operator_secret_arn}:retraining_trigger_token::"
  }
  preparation_environment = merge(local.preparation, { READS_LABELS = "1" })
  preparation_secrets     = local.prepare_with.mage
}

locals {
  database_clients = { mlflow = module.mlflow.security_group_id, mage = module.mage.security_group_id }

  # Who asks whom, on which port.
  calls = merge(
    { mage-mlflow = { from = module.mage.security_group_id, to = module.mlflow.security_group_id, port = 5000 } },
    { for index, group in var.caller_security_group_ids : "caller-${index}-mage" => { from = group, to = module.mage.security_group_id, port = 6789 } },
  )
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each = local.database_clients

  security_group_id            = var.database.security_group_id
  description                  = "Postgres from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = each.value
}

resource "aws_vpc_security_group_egress_rule" "database" {
  for_each = local.database_clients

  security_group_id            = each.value
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = var.database.security_group_id
}

resource "aws_vpc_security_group_ingress_rule" "call" {
  for_each = local.calls

  security_group_id            = each.value.to
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.from
}

resource "aws_vpc_security_group_egress_rule" "call" {
  for_each = local.calls

  security_group_id            = each.value.from
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.to
}

# ECS reports the CPU of a running task once a minute, so the samples of a quarter of an hour are the minutes in which one ran:
# none when the service is down, too few when it starts again and again. A rollout misses three or four, once.
resource "aws_cloudwatch_metric_alarm" "down" {
  for_each = { mage = "Mage", mlflow = "MLflow" }

  alarm_name          = "${var.name}-${each.key}-down"
  alarm_description   = "${each.value} does not run, or not for long. Runbook: ${var.runbook_url}#alarm-${each.key}-down"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.this.name, ServiceName = "${var.name}-${each.key}" }
  statistic           = "SampleCount"
  comparison_operator = "LessThanThreshold"
  threshold           = 13
  period              = 900
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "breaching"
  alarm_actions       = compact([var.alarm_topic_arn])
  ok_actions          = compact([var.alarm_topic_arn])
}
