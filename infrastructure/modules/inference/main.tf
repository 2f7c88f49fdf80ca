# The function that answers students: a container image by digest between two streams.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region
  queue_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${aws_sqs_queue.failures.name}"
}

# Where the mapping puts the metadata of what it gave up on (KinesisBatchInfo: shard and sequence numbers).
# The records themselves stay in the stream until retention ends, so they are read again from there.
resource "aws_sqs_queue" "failures" {
  name                      = var.failure_queue_name
  message_retention_seconds = 14 * 24 * 3600
  kms_master_key_id         = var.kms_key_arn
}

module "function" {
  source = "../lambda_function"

  name                 = var.function_name
  short_name           = "inference"
  description          = "Students in, grade predictions out"
  role_description     = "What the inference function and its event source mapping may do"
  image_uri            = var.image_uri
  handler              = var.handler
  architecture         = var.architecture
  memory_mb            = var.memory_mb
  timeout_seconds      = var.timeout_seconds
  reserved_concurrency = var.reserved_concurrency
  environment = {
    STUDENTS_STREAM_NAME    = var.students_stream_name
    PREDICTIONS_STREAM_NAME = var.predictions_stream_name
  }
  model_bucket_name     = var.model_bucket_name
  model_bucket_arn      = var.model_bucket_arn
  model_name            = var.model_name
  model_refresh_seconds = var.model_refresh_seconds
  log_level             = var.log_level
  log_retention_days    = var.log_retention_days
  metrics_namespace     = var.metrics_namespace
  kms_key_arn           = var.kms_key_arn

  statements = [
    {
      sid = "ReadStudents"
      actions = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
      ]
      resources = [var.students_stream_arn]
    },
    {
      sid       = "WritePredictions"
      actions   = ["kinesis:PutRecords"]
      resources = [var.predictions_stream_arn]
    },
    {
      sid       = "ReportFailures"
      actions   = ["sqs:SendMessage"]
      resources = [local.queue_arn]
    },
  ]

  permissions_boundary_arn = var.permissions_boundary_arn
}

resource "aws_lambda_event_source_mapping" "students" {
  event_source_arn                   = var.students_stream_arn
  function_name                      = module.function.function.function_name
  starting_position                  = var.mapping.starting_position
  batch_size                         = var.mapping.batch_size
  maximum_batching_window_in_seconds = var.mapping.batching_window_seconds
  parallelization_factor             = var.mapping.parallelization_factor
  bisect_batch_on_function_error     = var.mapping.bisect_on_error
  maximum_retry_attempts             = var.mapping.maximum_retry_attempts
  maximum_record_age_in_seconds      = var.mapping.maximum_record_age_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = local.queue_arn
    }
  }

  # DroppedEventCount is the only place where AWS says that a record was lost.
  metrics_config {
    metrics = ["EventCount"]
  }
}

# The function stood here before it was shared with the web service: a state of that time is kept as it is.
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
