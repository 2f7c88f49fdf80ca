# What wakes somebody up. The runbook in infrastructure/README.md has a section for each alarm's key.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  topic_arn = "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:${aws_sns_topic.this.name}"
  runbook   = "Runbook: ${var.runbook_url}#alarm-"

  # A record is lost to the service when the first of the two ends: the stream's retention or the mapping's maximum age.
  record_lifetime_ms = min(var.stream_retention_hours * 3600, var.mapping_maximum_record_age_seconds) * 1000

  # What was given up at the maximum age stays in the stream for the rest of its retention, and can be redriven so long.
  redrive_seconds = max(0, var.stream_retention_hours * 3600 - var.mapping_maximum_record_age_seconds)

  function_dimensions = { FunctionName = var.function_name }
  service_dimensions  = { service = var.function_name }

  simple = {
    iterator-age = {
      description = "Records wait longer than ${floor(var.iterator_age_share * 100)} % of the time they have left before they are given up."
      namespace   = "AWS/Lambda", metric = "IteratorAge", dimensions = local.function_dimensions, statistic = "Maximum"
      threshold   = floor(local.record_lifetime_ms * var.iterator_age_share), periods = 5, datapoints = 3
    }
    errors = {
      description = "Invocations fail as a whole; the mapping retries the batch."
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.function_dimensions, statistic = "Sum"
      threshold   = 0, periods = 5, datapoints = 3
    }
    throttles = {
      description = "Lambda refuses to start invocations: concurrency is used up."
      namespace   = "AWS/Lambda", metric = "Throttles", dimensions = local.function_dimensions, statistic = "Sum"
      threshold   = 0, periods = 5, datapoints = 3
    }
    duration-p99 = {
      description = "The slowest invocations come close to the timeout."
      namespace   = "AWS/Lambda", metric = "Duration", dimensions = local.function_dimensions, statistic = "p99"
      threshold   = floor(var.function_timeout_seconds * 1000 * var.duration_share), periods = 5, datapoints = 3
    }
    failure-queue = {
      description = "Batches were given up on; their students have no answer yet."
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = var.failure_queue_name }, statistic = "Maximum"
      threshold   = 0, periods = 1, datapoints = 1
    }
    failure-queue-age = {
      description = "Batches were given up on, and half of the time in which the stream still has their records is over."
      namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = var.failure_queue_name }, statistic = "Maximum"
      threshold   = local.redrive_seconds / 2, periods = 1, datapoints = 1
    }
    dropped-records = {
      description = "The mapping lost records: neither processed nor delivered to the failure queue."
      namespace   = "AWS/Lambda", metric = "DroppedEventCount", dimensions = { FunctionName = var.function_name, EventSourceMappingUUID = var.mapping_uuid }, statistic = "Sum"
      threshold   = 0, periods = 1, datapoints = 1
    }
    refresh-failures = {
      description = "The champion cannot be loaded or does not verify; the last good model goes on serving."
      namespace   = var.metrics_namespace, metric = var.metric_names.refresh_failures, dimensions = local.service_dimensions, statistic = "Sum"
      threshold   = 0, periods = 5, datapoints = 3
    }
    students-throttled = {
      description = "Producers are refused by the input stream: too few shards or a hot partition key."
      namespace   = "AWS/Kinesis", metric = "WriteProvisionedThroughputExceeded", dimensions = { StreamName = var.students_stream_name }, statistic = "Sum"
      threshold   = 0, periods = 5, datapoints = 3
    }
    predictions-throttled = {
      description = "The function is refused by the output stream; it retries, and latency grows."
      namespace   = "AWS/Kinesis", metric = "WriteProvisionedThroughputExceeded", dimensions = { StreamName = var.predictions_stream_name }, statistic = "Sum"
      threshold   = 0, periods = 5, datapoints = 3
    }
  }
}

resource "aws_sns_topic" "this" {
  name              = var.topic_name
  kms_master_key_id = var.kms_key_arn
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "AlarmsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = local.topic_arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.recipients)

  topic_arn = local.topic_arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_metric_alarm" "simple" {
  for_each = local.simple

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.description} ${local.runbook}${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  # A school sleeps at night: no data is no fault. Silence under load has an alarm of its own ("unanswered").
  treat_missing_data = "notBreaching"
  alarm_actions      = [local.topic_arn]
  ok_actions         = [local.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "rejected_share" {
  alarm_name          = "${var.name}-rejected-share"
  alarm_description   = "More than ${var.rejected_share_percent} % of at least ${var.rejected_share_minimum} records in five minutes are rejected as invalid. ${local.runbook}rejected-share"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.rejected_share_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]

  metric_query {
    id          = "share"
    label       = "rejected share in percent"
    expression  = "IF(FILL(ok, 0) + FILL(rejected, 0) >= ${var.rejected_share_minimum}, 100 * FILL(rejected, 0) / (FILL(ok, 0) + FILL(rejected, 0)), 0)"
    return_data = true
  }

  metric_query {
    id = "ok"

    metric {
      namespace   = var.metrics_namespace
      metric_name = var.metric_names.predictions
      dimensions  = local.service_dimensions
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id = "rejected"

    metric {
      namespace   = var.metrics_namespace
      metric_name = var.metric_names.rejections
      dimensions  = local.service_dimensions
      period      = 300
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unanswered" {
  alarm_name          = "${var.name}-unanswered"
  alarm_description   = "Students arrive and nothing at all is answered. ${local.runbook}unanswered"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]

  metric_query {
    id          = "silent"
    label       = "records in while no answer goes out"
    expression  = "IF(FILL(outgoing, 0) == 0, FILL(incoming, 0), 0)"
    return_data = true
  }

  metric_query {
    id = "incoming"

    metric {
      namespace   = "AWS/Kinesis"
      metric_name = "IncomingRecords"
      dimensions  = { StreamName = var.students_stream_name }
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "outgoing"

    metric {
      namespace   = "AWS/Kinesis"
      metric_name = "IncomingRecords"
      dimensions  = { StreamName = var.predictions_stream_name }
      period      = 60
      stat        = "Sum"
    }
  }
}
