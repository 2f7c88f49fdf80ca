variable "name" {
  description = "Prefix of the alarms' names."
  type        = string
}

variable "topic_name" {
  description = "Name of the SNS topic the alarms publish to."
  type        = string
}

variable "recipients" {
  description = "Mail addresses; each confirms its subscription once."
  type        = list(string)
}

variable "function_name" {
  description = "The watched function; also the `service` dimension of its own metrics."
  type        = string
}

variable "function_timeout_seconds" {
  description = "Timeout of that function."
  type        = number
}

variable "mapping_uuid" {
  description = "Identifier of its event source mapping."
  type        = string
}

variable "mapping_maximum_record_age_seconds" {
  description = "Age at which the mapping gives a record up."
  type        = number
}

variable "stream_retention_hours" {
  description = "Hours a record stays readable in the input stream."
  type        = number
}

variable "students_stream_name" {
  description = "Name of the input stream."
  type        = string
}

variable "predictions_stream_name" {
  description = "Name of the output stream."
  type        = string
}

variable "failure_queue_name" {
  description = "Name of the failure queue."
  type        = string
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the handler's own metrics."
  type        = string
}

variable "metric_names" {
  description = "Names of the handler's own metrics."
  type = object({
    predictions      = string
    rejections       = string
    refresh_failures = string
  })
  default = {
    predictions      = "Predictions"
    rejections       = "Rejected"
    refresh_failures = "ModelRefreshFailures"
  }
}

variable "iterator_age_share" {
  description = "Share of a record's remaining lifetime (the smaller of retention and maximum record age) at which to alarm."
  type        = number
  default     = 0.25

  validation {
    condition     = var.iterator_age_share > 0 && var.iterator_age_share < 1
    error_message = "iterator_age_share must lie between 0 and 1."
  }
}

variable "duration_share" {
  description = "Share of the timeout that the 99th percentile of the duration may reach."
  type        = number
  default     = 0.8

  validation {
    condition     = var.duration_share > 0 && var.duration_share < 1
    error_message = "duration_share must lie between 0 and 1."
  }
}

variable "rejected_share_percent" {
  description = "Rejected records in percent that mean a broken producer rather than a few bad records."
  type        = number
  default     = 20

  validation {
    condition     = var.rejected_share_percent > 0 && var.rejected_share_percent < 100
    error_message = "rejected_share_percent must lie between 0 and 100."
  }
}

variable "rejected_share_minimum" {
  description = "Records in five minutes below which the share says nothing."
  type        = number
  default     = 50

  validation {
    condition     = var.rejected_share_minimum >= 1
    error_message = "rejected_share_minimum must be at least 1."
  }
}

variable "runbook_url" {
  description = "Address of the runbook."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the topic."
  type        = string
}
