mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                               = "student-performance-stg"
  topic_name                         = "alarms"
  recipients                         = ["mlops@school.example"]
  function_name                      = "answers"
  function_timeout_seconds           = 60
  mapping_uuid                       = "0-0"
  mapping_maximum_record_age_seconds = 3600
  stream_retention_hours             = 24
  students_stream_name               = "students"
  predictions_stream_name            = "predictions"
  failure_queue_name                 = "failures"
  metrics_namespace                  = "StudentPerformance"
  runbook_url                        = "https://school.example/infrastructure/README.md"
  kms_key_arn                        = "arn:aws:kms:eu-central-1:123456789012:key/1"
}

run "thresholds" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["iterator-age"].threshold == 900000
    error_message = "A quarter of the hour that a record has: 15 minutes in milliseconds."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["duration-p99"].threshold == 48000 && aws_cloudwatch_metric_alarm.simple["duration-p99"].extended_statistic == "p99"
    error_message = "Four fifths of the timeout, at the 99th percentile."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["failure-queue-age"].threshold == 41400
    error_message = "Half of the 23 hours in which the stream still has what was given up after one."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.simple : alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])])
    error_message = "Every alarm reaches the topic."
  }

  assert {
    condition     = toset(keys(aws_sns_topic_subscription.email)) == toset(["mlops@school.example"]) && aws_sns_topic.this.kms_master_key_id == var.kms_key_arn
    error_message = "The topic is encrypted and has readers."
  }
}

run "retention_shorter_than_age" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    mapping_maximum_record_age_seconds = 604800
    iterator_age_share                 = 0.5
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["iterator-age"].threshold == 43200000
    error_message = "When retention ends first, the share is of retention: half of 24 hours."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["failure-queue-age"].threshold == 0
    error_message = "Where nothing is left to redrive, the first message is late already."
  }
}

run "a_share_of_one_is_refused" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    iterator_age_share = 1
  }

  expect_failures = [var.iterator_age_share]
}
