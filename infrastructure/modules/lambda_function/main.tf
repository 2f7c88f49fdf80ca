# One function on the inference image, with a log group and a role of its own. What every such function needs is
# here: the model, its log, traces and the data key. The caller adds what is its own.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id     = data.aws_caller_identity.current.account_id
  partition      = data.aws_partition.current.partition
  region         = data.aws_region.current.region
  log_group_name = "/aws/lambda/${var.name}"
  log_group_arn  = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.this.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:logs hold no personal value and serve debugging; retention is a variable per environment
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:a dead letter queue serves asynchronous invokes only; a stream's failures go to the mapping's on-failure destination, a caller of the URL gets the error
  # checkov:skip=CKV_AWS_117:it reaches nothing inside a VPC; a VPC would add NAT cost and an ENI to the cold start
  # checkov:skip=CKV_AWS_272:code signing covers zip packages only; the image is pinned by digest and attested in CI
  function_name                  = var.name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  package_type                   = "Image"
  image_uri                      = var.image_uri
  architectures                  = [var.architecture]
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn

  image_config {
    command = [var.handler]
  }

  environment {
    variables = merge(var.environment, {
      MODEL_BUCKET                 = var.model_bucket_name
      MODEL_NAME                   = var.model_name
      MODEL_REFRESH_SECONDS        = tostring(var.model_refresh_seconds)
      LOG_LEVEL                    = var.log_level
      POWERTOOLS_SERVICE_NAME      = var.name
      POWERTOOLS_METRICS_NAMESPACE = var.metrics_namespace
    })
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level == "WARNING" ? "WARN" : var.log_level # Lambda's own spelling
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }

  # The role's rights must be there before the first call arrives.
  depends_on = [aws_iam_role_policy.this]
}
