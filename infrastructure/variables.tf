# The keys of vars/*.tfvars.json are these variables' names. localcloud reads the same files.

variable "environment" {
  description = "local, stg or prod; part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must be 2 to 12 lower-case letters or digits, beginning with a letter."
  }
}

variable "region" {
  description = "AWS region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region such as us-east-1."
  }
}

variable "model_name" {
  description = "Name of the model in the registry and a folder of the model bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.model_name))
    error_message = "model_name must be lower-case letters, digits and hyphens, at most 63."
  }
}

variable "students_stream_name" {
  description = "Input stream."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.students_stream_name))
    error_message = "students_stream_name must be 1 to 128 letters, digits, '_', '.' or '-'."
  }
}

variable "predictions_stream_name" {
  description = "Output stream."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.predictions_stream_name))
    error_message = "predictions_stream_name must be 1 to 128 letters, digits, '_', '.' or '-'."
  }
}

variable "stream_mode" {
  description = "PROVISIONED or ON_DEMAND."
  type        = string
  default     = "PROVISIONED"

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.stream_mode)
    error_message = "stream_mode must be PROVISIONED or ON_DEMAND."
  }
}

variable "stream_shard_count" {
  description = "Shards of each stream when provisioned; `python -m infrastructure.tools.sizing` computes it from records per second."
  type        = number
  default     = 1

  validation {
    condition     = var.stream_shard_count >= 1 && var.stream_shard_count <= 5000 && floor(var.stream_shard_count) == var.stream_shard_count
    error_message = "stream_shard_count must be a whole number, 1 to 5000."
  }
}

variable "stream_retention_hours" {
  description = "Hours a record stays readable, and so how long a repair may take."
  type        = number
  default     = 24

  validation {
    condition     = var.stream_retention_hours >= 24 && var.stream_retention_hours <= 8760
    error_message = "stream_retention_hours must be 24 to 8760."
  }
}

variable "model_bucket_name" {
  description = "Bucket of the model bundles (globally unique)."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.model_bucket_name))
    error_message = "model_bucket_name must be 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "artifact_bucket_name" {
  description = "Bucket of MLflow's artifacts and the data sets (globally unique)."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.artifact_bucket_name))
    error_message = "artifact_bucket_name must be 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "failure_queue_name" {
  description = "Queue for batches the mapping gave up on."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,80}$", var.failure_queue_name))
    error_message = "failure_queue_name must be 1 to 80 letters, digits, '_' or '-'."
  }
}

variable "function_name" {
  description = "The inference function."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.function_name))
    error_message = "function_name must be 1 to 64 letters, digits, '_' or '-'."
  }
}

variable "function_handler" {
  description = "Handler inside the image."
  type        = string
  default     = "inference.handler.lambda_handler"
}

variable "function_architecture" {
  description = "arm64 (cheaper) or x86_64; must be the image's."
  type        = string
  default     = "arm64"
}

variable "function_memory_mb" {
  description = "Memory of the function; 1,769 MB is one vCPU."
  type        = number
  default     = 1769
}

variable "function_timeout_seconds" {
  description = "Timeout of one invocation."
  type        = number
  default     = 60
}

variable "function_reserved_concurrency" {
  description = "Concurrent executions kept for the function; null means shards x parallelization factor (none when on demand), -1 none. A new account with a limit of 10 executions cannot reserve any."
  type        = number
  default     = null
}

variable "image_digests" {
  description = "Digest (sha256:...) of each component's image: inference, and where switched on monitoring, grafana, orchestrator, mlflow. Without inference, no function is made: the first apply."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for digest in values(var.image_digests) : can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "Each of image_digests must be sha256: and 64 hexadecimal digits, as the push printed it."
  }

  validation {
    condition     = length(setsubtract(keys(var.image_digests), ["inference", "monitoring", "grafana", "orchestrator", "mlflow"])) == 0
    error_message = "image_digests knows inference, monitoring, grafana, orchestrator and mlflow."
  }
}

variable "model_refresh_seconds" {
  description = "Seconds between two looks at the champion pointer; a new champion is live within it."
  type        = number
  default     = 60
}

variable "log_level" {
  description = "DEBUG, INFO, WARNING or ERROR."
  type        = string
  default     = "INFO"
}

variable "log_retention_days" {
  description = "Days logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be a period CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the service's own metrics."
  type        = string
  default     = "StudentPerformance"
}

variable "mapping_batch_size" {
  description = "Records per invocation, at most."
  type        = number
  default     = 500
}

variable "mapping_batching_window_seconds" {
  description = "Seconds to wait for a full batch; 0 answers at once."
  type        = number
  default     = 0
}

variable "mapping_parallelization_factor" {
  description = "Invocations at once per shard; order is kept per partition key."
  type        = number
  default     = 1
}

variable "mapping_starting_position" {
  description = "TRIM_HORIZON (oldest record there is) or LATEST."
  type        = string
  default     = "TRIM_HORIZON"
}

variable "mapping_bisect_on_error" {
  description = "Whether a failed batch is split in two before it is retried."
  type        = bool
  default     = true
}

variable "mapping_maximum_retry_attempts" {
  description = "Retries of a failed batch before it goes to the failure queue: enough to outlast an outage of many minutes. Halving a batch takes none. A record that kills the function in a new sandbox each time holds its shard for all of them, or until its maximum age; where the sandbox stays, the function rejects it after three deaths."
  type        = number
  default     = 100
}

variable "mapping_maximum_record_age_seconds" {
  description = "Age at which a record goes to the failure queue; a quarter of the stream's retention at most, so that it can be fetched from there."
  type        = number
  default     = 3600

  validation {
    condition     = var.mapping_maximum_record_age_seconds <= var.stream_retention_hours * 3600 / 4
    error_message = "mapping_maximum_record_age_seconds must leave three quarters of stream_retention_hours for a repair."
  }
}

variable "alert_sender" {
  description = "Sender of monitoring's alert mails, verified in SES when monitoring is switched on."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.alert_sender))
    error_message = "alert_sender must be a mail address."
  }
}

variable "alert_recipients" {
  description = "Who gets alarms and alert mails."
  type        = list(string)

  validation {
    condition     = length(var.alert_recipients) > 0 && alltrue([for address in var.alert_recipients : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "alert_recipients must be at least one mail address; an alarm nobody reads is none."
  }
}

variable "dashboard_url" {
  description = "Address of the dashboard in alert mails. Grafana has no public one: by default the forwarded port (README, user interfaces)."
  type        = string
  default     = "http://localhost:3000/d/student-performance-model"

  validation {
    condition     = can(regex("^https?://", var.dashboard_url))
    error_message = "dashboard_url must be an http or https address."
  }
}

variable "runbook_url" {
  description = "Address of the runbook in alarms and mails; the page in your repository, for links that can be clicked."
  type        = string
  default     = "infrastructure/README.md"

  validation {
    condition     = endswith(var.runbook_url, "infrastructure/README.md")
    error_message = "runbook_url must end in infrastructure/README.md, the page whose sections the links name."
  }
}

variable "retraining_timeout_seconds" {
  description = "How long a training on request may run; the workflow that waits for it has credentials for an hour."
  type        = number
  default     = 2700

  validation {
    condition     = var.retraining_timeout_seconds >= 60 && var.retraining_timeout_seconds <= 2700
    error_message = "retraining_timeout_seconds must be 60 to 2700."
  }
}

variable "alarm_iterator_age_share" {
  description = "Share of a record's lifetime (the smaller of retention and maximum record age) it may wait before the alarm."
  type        = number
  default     = 0.25
}

variable "alarm_rejected_share_percent" {
  description = "Rejected records in percent that raise the alarm."
  type        = number
  default     = 20
}

variable "dataset_retention_days" {
  description = "Days that training's data sets, the references of monitoring and the reports of windows are kept in the artifact bucket."
  type        = number
  default     = 365

  validation {
    condition     = var.dataset_retention_days >= 30
    error_message = "dataset_retention_days must be at least 30: monitoring compares against the served model's training data."
  }
}

variable "force_destroy_buckets" {
  description = "Whether `terraform destroy` deletes buckets that still hold objects; for throw-away environments only."
  type        = bool
  default     = false

  validation {
    condition     = !(var.force_destroy_buckets && var.environment == "prod")
    error_message = "force_destroy_buckets is refused in prod."
  }
}

variable "enable_monitoring" {
  description = "RDS Postgres, the monitoring worker, Grafana and the SES identity. Costs money while idle."
  type        = bool
  default     = false
}

variable "enable_training" {
  description = "Mage and MLflow on Fargate with RDS backends. Costs money while idle."
  type        = bool
  default     = false
}

variable "enable_web" {
  description = "The web service on the inference image behind a function URL. Costs nothing while idle."
  type        = bool
  default     = false
}

variable "web_invoker_arns" {
  description = "IAM ARNs of other accounts that may call the web service."
  type        = list(string)
  default     = []
}

variable "web_cloudfront_distribution_arn" {
  description = "CloudFront distribution in front of the web service; null for none. Needs web_sign_in."
  type        = string
  default     = null

  validation {
    condition     = var.web_cloudfront_distribution_arn == null || var.web_sign_in
    error_message = "Behind CloudFront everybody reaches the web service: switch web_sign_in on too."
  }
}

variable "web_sign_in" {
  description = "Whether the web service asks for a key, the value of the secret that is named like its function."
  type        = bool
  default     = false
}

variable "web_reserved_concurrency" {
  description = "Concurrent web requests at most; -1 for the account's limit."
  type        = number
  default     = -1
}

variable "vpc_cidr_block" {
  description = "Address range of the VPC of monitoring and training."
  type        = string
  default     = "10.42.0.0/20"
}

variable "database_instance_class" {
  description = "Size of the Postgres instance."
  type        = string
  default     = "db.t4g.micro"
}

variable "database_multi_az" {
  description = "A standby database in a second zone; doubles its price."
  type        = bool
  default     = false
}

variable "database_deletion_protection" {
  description = "Whether destroying the database is refused."
  type        = bool
  default     = true
}

variable "availability_zones" {
  description = "Two zones of the region for monitoring and training; null means a and b, which a few regions lack."
  type        = list(string)
  default     = null
}
