mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  function_name            = "answers"
  image_uri                = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x/inference@sha256:0000000000000000000000000000000000000000000000000000000000000001"
  handler                  = "inference.handler.lambda_handler"
  architecture             = "arm64"
  memory_mb                = 1769
  timeout_seconds          = 60
  reserved_concurrency     = 2
  students_stream_name     = "students"
  students_stream_arn      = "arn:aws:kinesis:eu-central-1:123456789012:stream/students"
  predictions_stream_name  = "predictions"
  predictions_stream_arn   = "arn:aws:kinesis:eu-central-1:123456789012:stream/predictions"
  model_bucket_name        = "models"
  model_bucket_arn         = "arn:aws:s3:::models"
  model_name               = "student-performance"
  model_refresh_seconds    = 60
  failure_queue_name       = "failures"
  log_level                = "INFO"
  log_retention_days       = 30
  metrics_namespace        = "StudentPerformance"
  kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/1"
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  mapping = {
    batch_size                 = 500
    batching_window_seconds    = 0
    parallelization_factor     = 2
    starting_position          = "TRIM_HORIZON"
    bisect_on_error            = true
    maximum_retry_attempts     = 100
    maximum_record_age_seconds = 3600
  }
}

run "wiring" {
  command = plan

  module {
    source = "./modules/inference"
  }

  assert {
    condition     = module.function.function.package_type == "Image" && strcontains(module.function.function.image_uri, "@sha256:")
    error_message = "The function runs an image named by its digest."
  }

  assert {
    condition     = module.function.function.image_config[0].command == tolist(["inference.handler.lambda_handler"])
    error_message = "The image runs the handler given."
  }

  assert {
    condition     = module.function.function.environment[0].variables["MODEL_BUCKET"] == "models" && module.function.function.environment[0].variables["PREDICTIONS_STREAM_NAME"] == "predictions"
    error_message = "The handler reads its configuration from the environment."
  }

  assert {
    condition     = module.function.function.tracing_config[0].mode == "Active"
    error_message = "Invocations are traced."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.students.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Without ReportBatchItemFailures a partial failure repeats the whole batch."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.students.destination_config[0].on_failure[0].destination_arn == "arn:aws:sqs:eu-central-1:123456789012:failures"
    error_message = "What the mapping gives up on goes to the failure queue."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.students.maximum_retry_attempts == 100 && aws_lambda_event_source_mapping.students.maximum_record_age_in_seconds == 3600
    error_message = "Retries and age are finite."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.students.metrics_config[0].metrics == toset(["EventCount"])
    error_message = "The dropped-records alarm needs the mapping's own metrics."
  }

  assert {
    condition     = module.function.log_group.name == "/aws/lambda/answers" && module.function.log_group.kms_key_id == var.kms_key_arn
    error_message = "The log group is ours, encrypted, and not made by Lambda with no end of retention."
  }

  assert {
    condition = toset(flatten([for statement in module.function.policy.statement : statement.actions])) == toset([
      "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
      "kinesis:PutRecords", "s3:GetObject", "s3:ListBucket", "sqs:SendMessage", "kms:Decrypt", "kms:GenerateDataKey",
      "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ])
    error_message = "The role's actions are exactly these."
  }
}

run "a_tag_is_refused" {
  command = plan

  module {
    source = "./modules/inference"
  }

  variables {
    image_uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x/inference:latest"
  }

  expect_failures = [var.image_uri]
}

run "retrying_for_ever_is_refused" {
  command = plan

  module {
    source = "./modules/inference"
  }

  variables {
    mapping = {
      batch_size                 = 500
      batching_window_seconds    = 0
      parallelization_factor     = 1
      starting_position          = "TRIM_HORIZON"
      bisect_on_error            = true
      maximum_retry_attempts     = -1
      maximum_record_age_seconds = -1
    }
  }

  expect_failures = [var.mapping]
}

run "a_count_that_ends_with_an_outage_is_refused" {
  command = plan

  module {
    source = "./modules/inference"
  }

  variables {
    mapping = {
      batch_size                 = 500
      batching_window_seconds    = 0
      parallelization_factor     = 1
      starting_position          = "TRIM_HORIZON"
      bisect_on_error            = true
      maximum_retry_attempts     = 5
      maximum_record_age_seconds = 3600
    }
  }

  expect_failures = [var.mapping]
}

run "a_stopped_function_is_refused" {
  command = plan

  module {
    source = "./modules/inference"
  }

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "an_unknown_architecture_is_refused" {
  command = plan

  module {
    source = "./modules/inference"
  }

  variables {
    architecture = "amd64"
  }

  expect_failures = [var.architecture]
}
