mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  students_stream_name    = "students"
  predictions_stream_name = "predictions"
  mode                    = "PROVISIONED"
  shard_count             = 3
  retention_hours         = 48
  kms_key_arn             = "arn:aws:kms:eu-central-1:123456789012:key/1"
}

run "both_streams_are_alike" {
  command = plan

  module {
    source = "./modules/streams"
  }

  assert {
    condition     = alltrue([for stream in [aws_kinesis_stream.students, aws_kinesis_stream.predictions] : stream.shard_count == 3 && stream.retention_period == 48])
    error_message = "Both streams take shards and retention from the variables."
  }

  assert {
    condition     = alltrue([for stream in [aws_kinesis_stream.students, aws_kinesis_stream.predictions] : stream.encryption_type == "KMS" && stream.kms_key_id == var.kms_key_arn])
    error_message = "Both streams are encrypted with the key given."
  }

  assert {
    condition     = output.students_arn == "arn:aws:kinesis:eu-central-1:123456789012:stream/students"
    error_message = "The input stream's ARN is known at plan time."
  }
}

run "on_demand_has_no_shards" {
  command = plan

  module {
    source = "./modules/streams"
  }

  variables {
    mode = "ON_DEMAND"
  }

  assert {
    condition     = aws_kinesis_stream.students.shard_count == null && aws_kinesis_stream.predictions.shard_count == null
    error_message = "An on-demand stream must not set a shard count; AWS refuses it."
  }
}

run "one_stream_for_both_is_refused" {
  command = plan

  module {
    source = "./modules/streams"
  }

  variables {
    predictions_stream_name = "students"
  }

  expect_failures = [var.predictions_stream_name]
}

run "unknown_mode_is_refused" {
  command = plan

  module {
    source = "./modules/streams"
  }

  variables {
    mode = "on-demand"
  }

  expect_failures = [var.mode]
}
