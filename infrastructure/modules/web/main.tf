# The web service: the inference image with another command, behind a function URL that asks for IAM.

module "function" {
  source = "../lambda_function"

  name                  = var.function_name
  short_name            = "web"
  description           = "Answers single requests about students"
  role_description      = "What the web service may do"
  image_uri             = var.image_uri
  handler               = "inference.web.function_url.lambda_handler"
  architecture          = var.architecture
  memory_mb             = var.memory_mb
  timeout_seconds       = 30
  reserved_concurrency  = var.reserved_concurrency
  model_bucket_name     = var.model_bucket_name
  model_bucket_arn      = var.model_bucket_arn
  model_name            = var.model_name
  model_refresh_seconds = var.model_refresh_seconds
  log_level             = var.log_level
  log_retention_days    = var.log_retention_days
  metrics_namespace     = var.metrics_namespace
  kms_key_arn           = var.kms_key_arn

  # Streams are not among them: a function is frozen between requests, and nothing of it may wait for an answer.
  statements = [for secret in aws_secretsmanager_secret.key : {
    sid       = "ReadItsKey"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [secret.arn]
  }]

  environment = merge(
    { for secret in aws_secretsmanager_secret.key : "WEB_API_KEY_SECRET" => secret.arn },
    # A function URL keeps the first address of X-Forwarded-For, which the caller writes; this header only CloudFront does.
    var.cloudfront_distribution_arn == null ? {} : { WEB_CALLER_HEADER = "CloudFront-Viewer-Address" },
  )

  permissions_boundary_arn = var.permissions_boundary_arn
}

# Made empty, so that the key is in no plan and no state; without a value the function fails and lets nobody in.
resource "aws_secretsmanager_secret" "key" {
  # checkov:skip=CKV2_AWS_57:given to people, who must be told of another one; see the README for a change
  count = var.sign_in ? 1 : 0

  name        = var.function_name
  description = "The key that the web service asks for"
  kms_key_id  = var.kms_key_arn
}

# Signed requests (SigV4) of those named below, or CloudFront with origin access control in front.
resource "aws_lambda_function_url" "this" {
  function_name      = module.function.function.function_name
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
  function_name          = module.function.function.function_name
  principal              = each.value.principal
  source_arn             = each.value.source_arn
  function_url_auth_type = "AWS_IAM"
}

resource "aws_lambda_permission" "function" {
  for_each = local.callers

  statement_id             = "${each.key}-function"
  action                   = "lambda:InvokeFunction"
  function_name            = module.function.function.function_name
  principal                = each.value.principal
  source_arn               = each.value.source_arn
  invoked_via_function_url = true
}

# The function stood here before it was shared with the inference: a state of that time is kept as it is.
moved {
  from = aws_cloudwatch_log_group.this
  to   = module.function.aws_cloudwatch_log_group.this
}

moved {
  from = aws_lambda_function.this
  to   = module.function.aws_lambda_function.this
}

moved {
  from = aws_iam_role.this
  to   = module.function.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.this
  to   = module.function.aws_iam_role_policy.this
}
