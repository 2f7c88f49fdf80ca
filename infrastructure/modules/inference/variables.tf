variable "function_name" {
  description = "Name of the function; also its role's name and the `service` dimension of its metrics."
  type        = string
}

variable "image_uri" {
  description = "Image by digest: REGISTRY/REPOSITORY@sha256:64 hexadecimal digits."
  type        = string

  validation {
    condition     = can(regex("^[^@:]+(:[0-9]+)?[^@:]*@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = "image_uri must be pinned by digest (REPOSITORY@sha256:...), never by tag: a tag can move under a plan that was reviewed."
  }
}

variable "handler" {
  description = "Command of the image: the handler that Lambda's runtime client imports."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; must be the image's."
  type        = string

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory; CPU grows with it and 1,769 MB is one vCPU."
  type        = number

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 10240
    error_message = "memory_mb must be 256 to 10240; the handler with its model needs about 120 MB, and less than 256 starves its CPU."
  }
}

variable "timeout_seconds" {
  description = "Seconds one invocation may take; the handler stops retrying before it ends."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be 10 to 900."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent executions kept for the function, also its limit; -1 keeps none. The mapping needs shards x parallelization factor."
  type        = number

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "reserved_concurrency must be -1 or at least 1; 0 would stop the function."
  }
}

variable "mapping" {
  description = "The event source mapping, in AWS's own terms."
  type = object({
    batch_size                 = number
    batching_window_seconds    = number
    parallelization_factor     = number
    starting_position          = string
    bisect_on_error            = bool
    maximum_retry_attempts     = number
    maximum_record_age_seconds = number
  })

  validation {
    condition     = var.mapping.batch_size >= 1 && var.mapping.batch_size <= 10000
    error_message = "mapping.batch_size must be 1 to 10000."
  }

  validation {
    condition     = var.mapping.batching_window_seconds >= 0 && var.mapping.batching_window_seconds <= 300
    error_message = "mapping.batching_window_seconds must be 0 to 300."
  }

  validation {
    condition     = var.mapping.parallelization_factor >= 1 && var.mapping.parallelization_factor <= 10
    error_message = "mapping.parallelization_factor must be 1 to 10."
  }

  # AT_TIMESTAMP is a repair (see the runbook), not a setting: as a standing value it would mean another instant at each re-creation.
  validation {
    condition     = contains(["TRIM_HORIZON", "LATEST"], var.mapping.starting_position)
    error_message = "mapping.starting_position must be TRIM_HORIZON or LATEST."
  }

  validation {
    condition     = var.mapping.maximum_retry_attempts >= 50 && var.mapping.maximum_retry_attempts <= 10000
    error_message = "mapping.maximum_retry_attempts must be 50 to 10000: fewer end with the first outage; -1 (for ever) lets one bad batch block its shard until retention."
  }

  validation {
    condition     = var.mapping.maximum_record_age_seconds >= 60 && var.mapping.maximum_record_age_seconds <= 604800
    error_message = "mapping.maximum_record_age_seconds must be 60 to 604800; -1 (for ever) lets one bad batch block its shard until retention."
  }
}

variable "students_stream_arn" {
  description = "ARN of the input stream."
  type        = string
}

variable "students_stream_name" {
  description = "Name of the input stream."
  type        = string
}

variable "predictions_stream_arn" {
  description = "ARN of the output stream."
  type        = string
}

variable "predictions_stream_name" {
  description = "Name of the output stream."
  type        = string
}

variable "model_bucket_name" {
  description = "Bucket of the model bundles."
  type        = string
}

variable "model_bucket_arn" {
  description = "ARN of that bucket."
  type        = string
}

variable "model_name" {
  description = "Name of the model, a folder under models/."
  type        = string
}

variable "model_refresh_seconds" {
  description = "Seconds between two looks at the champion pointer."
  type        = number

  validation {
    condition     = var.model_refresh_seconds >= 1 && var.model_refresh_seconds <= 86400
    error_message = "model_refresh_seconds must be 1 to 86400."
  }
}

variable "failure_queue_name" {
  description = "Queue for batches that were given up on."
  type        = string
}

variable "log_level" {
  description = "DEBUG, INFO, WARNING or ERROR."
  type        = string

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "Days logs are kept."
  type        = number
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the metrics the handler emits."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the streams, buckets, queue, logs and environment."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}
