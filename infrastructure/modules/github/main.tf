# GitHub Actions without keys: an OIDC provider, and a role for each of four jobs. Each role trusts exactly one GitHub
# environment of exactly one repository; who may use that environment is set there (reviewers, branches).
#
#   plan     reads what Terraform manages; changes nothing
#   deploy   pushes images and applies the streaming core; of the heavy modules it may only roll out new images
#   retrain  asks for a training, by an event that carries nothing, and reads its verdict
#   promote  reads published versions; sends one to where training judges it, or publishes where nothing trains
#
# Beside them the ceiling of every role that the deploy role may make: boundary.tf.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region
  issuer     = "token.actions.githubusercontent.com"
  s          = var.settings

  regional = { for service in ["ecr", "ecs", "events", "kinesis", "kms", "lambda", "logs", "sns", "sqs", "cloudwatch", "secretsmanager"] :
    service => "arn:${local.partition}:${service}:${local.region}:${local.account_id}"
  }

  # AWS appends six characters to a secret's name; RDS names its own secret by an identifier that it chooses.
  secrets = ["${local.regional.secretsmanager}:secret:${var.name}-operator-??????", "${local.regional.secretsmanager}:secret:${var.name}-web-??????", "${local.regional.secretsmanager}:secret:rds!db-*"]

  functions    = ["${local.regional.lambda}:function:${local.s.function_name}", "${local.regional.lambda}:function:${var.name}-web"]
  streams      = ["${local.regional.kinesis}:stream/${local.s.students_stream_name}", "${local.regional.kinesis}:stream/${local.s.predictions_stream_name}"]
  buckets      = ["arn:${local.partition}:s3:::${local.s.model_bucket_name}", "arn:${local.partition}:s3:::${local.s.artifact_bucket_name}"]
  queue        = "${local.regional.sqs}:${local.s.failure_queue_name}"
  topic        = "${local.regional.sns}:${var.name}-alarms"
  repositories = [for component in ["inference", "monitoring", "grafana", "orchestrator", "mlflow"] : "${local.regional.ecr}:repository/${var.name}/${component}"]
  alarms       = "${local.regional.cloudwatch}:alarm:${var.name}-*"
  mappings     = "${local.regional.lambda}:event-source-mapping:*"
  key          = "${local.regional.kms}:key/*"
  alias        = "${local.regional.kms}:alias/${var.name}"
  log_groups   = [for name in [local.s.function_name, "${var.name}-web"] : "${local.regional.logs}:log-group:/aws/lambda/${name}"]
  roles        = [for name in [local.s.function_name, "${var.name}-web"] : "arn:${local.partition}:iam::${local.account_id}:role/${name}"]

  fargate         = ["monitoring", "grafana", "mage", "mlflow", "restart"]
  task_roles      = flatten([for name in local.fargate : [for kind in ["execution", "task"] : "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}-${kind}"]])
  rule_roles      = [for name in ["retrain", "restart"] : "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}-rule"]
  rules           = [for name in ["retrain", "retrain-ended", "promote", "rotated-secret", "rotated-instance"] : "${local.regional.events}:rule/${var.name}-${name}"]
  ended_queue     = "${local.regional.sqs}:${var.name}-retrain-ended"
  boundary_arn    = "arn:${local.partition}:iam::${local.account_id}:policy/${var.name}-boundary"
  services        = concat([for name in ["monitoring", "grafana"] : "${local.regional.ecs}:service/${var.name}-monitoring/${var.name}-${name}"], [for name in ["mage", "mlflow"] : "${local.regional.ecs}:service/${var.name}-training/${var.name}-${name}"])
  definitions     = [for name in local.fargate : "${local.regional.ecs}:task-definition/${var.name}-${name}:*"]
  families        = [for name in local.fargate : "${local.regional.ecs}:task-definition/${var.name}-${name}"]
  task_log_groups = [for name in local.fargate : "${local.regional.logs}:log-group:/ecs/${var.name}-${name}"]
  # Managed by an administrator's apply, read by every plan.
  database_log_groups = [for kind in ["postgresql", "upgrade"] : "${local.regional.logs}:log-group:/aws/rds/instance/${var.name}/${kind}"]
  flow_log_group      = "${local.regional.logs}:log-group:/aws/vpc/${var.name}"
  models              = "${local.buckets[0]}/models/${local.s.model_name}/*"
  state_object        = "${var.state_bucket_arn}/service.tfstate"
  # Which release was proven last (infrastructure/tools/release/record.py).
  serving_object = "${var.state_bucket_arn}/serving.json"

  subjects = var.repository == null ? {} : {
    plan    = "repo:${var.repository}:environment:${var.environment}-plan"
    deploy  = "repo:${var.repository}:environment:${var.environment}"
    retrain = "repo:${var.repository}:environment:${var.environment}-retrain"
    promote = "repo:${var.repository}:environment:${var.environment}-promote"
  }

  policies = {
    plan = {
      state     = data.aws_iam_policy_document.state_read.json
      enumerate = data.aws_iam_policy_document.enumerate.json
      refresh   = data.aws_iam_policy_document.refresh.json
    }
    deploy = {
      state     = data.aws_iam_policy_document.state_write.json
      enumerate = data.aws_iam_policy_document.enumerate.json
      refresh   = data.aws_iam_policy_document.refresh.json
      storage   = data.aws_iam_policy_document.storage.json
      compute   = data.aws_iam_policy_document.compute.json
      smoke     = data.aws_iam_policy_document.smoke.json
    }
    retrain = {
      training = data.aws_iam_policy_document.training.json
    }
    promote = {
      promotion = data.aws_iam_policy_document.promotion.json
    }
  }

  attached = merge([for role, documents in local.policies : var.repository == null ? {} : { for name, json in documents : "${role}-${name}" => { role = role, json = json } }]...)
}

# AWS checks GitHub's certificate against its own store of authorities, so no thumbprint is pinned.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.repository == null ? 0 : 1

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "assume" {
  # checkov:skip=CKV_AWS_358:checkov does not resolve the loop; each subject is one exact environment (tests/github.tftest.hcl)
  for_each = local.subjects

  statement {
    sid     = "OneEnvironmentOfOneRepository"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:oidc-provider/${local.issuer}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [each.value]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "${var.name}-github-${each.key}"
  description          = "GitHub Actions: ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.assume[each.key].json
  max_session_duration = 7200

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_policy" "this" {
  for_each = local.attached

  name   = "${var.name}-github-${each.key}"
  policy = each.value.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.attached

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = aws_iam_policy.this[each.key].arn
}

moved {
  from = aws_iam_openid_connect_provider.github
  to   = aws_iam_openid_connect_provider.github[0]
}
