variable "name" {
  description = "Name of the function, of its role and of the `service` dimension of its metrics."
  type        = string
}

variable "short_name" {
  description = "Name of the policy on the role."
  type        = string
}

variable "description" {
  description = "What the function does."
  type        = string
}

variable "role_description" {
  description = "What the role is for."
  type        = string
}

variable "statements" {
  description = "What the function may do beyond reading its model, writing its log and tracing."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
  }))
}

variable "image_uri" {
  description = "Image by digest."
  type        = string
}

variable "handler" {
  description = "Command of the image: the handler that Lambda's runtime client imports."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; must be the image's."
  type        = string
}

variable "memory_mb" {
  description = "Memory; CPU grows with it and 1,769 MB is one vCPU."
  type        = number
}

variable "timeout_seconds" {
  description = "Seconds one invocation may take."
  type        = number
}

variable "reserved_concurrency" {
  description = "Concurrent executions kept for the function, also its limit; -1 keeps none."
  type        = number
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
}

variable "log_level" {
  description = "DEBUG, INFO, WARNING or ERROR."
  type        = string
}

variable "log_retention_days" {
  description = "Days logs are kept."
  type        = number
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the metrics the function emits."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the streams, the bucket, the log and the environment."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}

variable "environment" {
  description = "Environment variables that are the function's own."
  type        = map(string)
}
