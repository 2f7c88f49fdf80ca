# The web service: the inference image with another command, behind a function URL that asks for IAM.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  log_group_name = "/aws/lambda/${var.function_name}"
  log_group_arn  = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:${aws_cloudwatch_log_group.this.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:logs hold no personal value and serve debugging; retention is a variable per environment
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:synchronous calls only; the caller gets the error
  # checkov:skip=CKV_AWS_117:it reaches nothing inside a VPC
  # checkov:skip=CKV_AWS_272:code signing covers zip packages only; the image is pinned by digest and attested in CI
  function_name                  = var.function_name
  description                    = "Answers single requests about students"
  role                           = aws_iam_role.this.arn
  package_type                   = "Image"
  image_uri                      = var.image_uri
  architectures                  = [var.architecture]
  memory_size                    = var.memory_mb
  timeout                        = 30
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn

  image_config {
    command = ["inference.web.function_url.lambda_handler"]
  }

  environment {
    variables = {
      MODEL_BUCKET                 = var.model_bucket_name
      MODEL_NAME                   = var.model_name
      MODEL_REFRESH_SECONDS        = tostring(var.model_refresh_seconds)
      STUDENTS_STREAM_NAME         = var.students_stream_name
      PREDICTIONS_STREAM_NAME      = var.predictions_stream_name
      LOG_LEVEL                    = var.log_level
      POWERTOOLS_SERVICE_NAME      = var.function_name
      POWERTOOLS_METRICS_NAMESPACE = var.metrics_namespace
    }
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level == "WARNING" ? "WARN" : var.log_level
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_iam_role_policy.this]
}

# Signed requests (SigV4) of those named below, or CloudFront with origin access control in front.
resource "aws_lambda_function_url" "this" {
  function_name      = aws_lambda_function.this.function_name
  authorization_type = "AWS_IAM"
  invoke_mode        = "BUFFERED"
}

locals {
  callers = merge(
    { for arn in var.invoker_arns : "iam-${md5(arn)}" => { principal = arn, source_arn = null } },
    var.cloudfront_distribution_arn == null ? {} : {
      cloudfront = { principal = "cloudfront.amazonaws.com", source_arn = var.cloudfront_distribution_arn }
    },
  )
}

# Since October 2025 a caller needs both rights, the second through the URL only.
resource "aws_lambda_permission" "url" {
  for_each = local.callers

  statement_id           = "${each.key}-url"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.this.function_name
  principal              = each.value.principal
  source_arn             = each.value.source_arn
  function_url_auth_type = "AWS_IAM"
}

resource "aws_lambda_permission" "function" {
  for_each = local.callers

  statement_id             = "${each.key}-function"
  action                   = "lambda:InvokeFunction"
  function_name            = aws_lambda_function.this.function_name
  principal                = each.value.principal
  source_arn               = each.value.source_arn
  invoked_via_function_url = true
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.function_name
  description          = "What the web service may do"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "web"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json
}

data "aws_iam_policy_document" "this" {
  # checkov:skip=CKV_AWS_111:the one statement on "*" is X-Ray's, which knows no resource ARN
  # checkov:skip=CKV_AWS_356:as above

  statement {
    sid       = "ReadModel"
    actions   = ["s3:GetObject"]
    resources = ["${var.model_bucket_arn}/models/${var.model_name}/*"]
  }

  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [var.model_bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["models/${var.model_name}/*"]
    }
  }

  statement {
    sid       = "PutStudents"
    actions   = ["kinesis:PutRecords"]
    resources = [var.students_stream_arn]
  }

  statement {
    sid       = "ReadPredictions"
    actions   = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    resources = [var.predictions_stream_arn]
  }

  statement {
    sid       = "UseTheDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_group_arn}:log-stream:*"]
  }

  statement {
    sid       = "Trace"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }
}
