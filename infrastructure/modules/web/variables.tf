variable "function_name" {
  description = "Name of the function and of its role."
  type        = string
}

variable "image_uri" {
  description = "The inference image by digest."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = "image_uri must be pinned by digest (REPOSITORY@sha256:...)."
  }
}

variable "architecture" {
  description = "arm64 or x86_64; must be the image's."
  type        = string
}

variable "memory_mb" {
  description = "Memory; CPU grows with it."
  type        = number
}

variable "reserved_concurrency" {
  description = "Concurrent requests at most, -1 for the account's limit; keeps a flood of requests away from the stream's function."
  type        = number
  default     = -1
}

variable "invoker_arns" {
  description = "Roles, users or accounts of other accounts that may call the URL; this account's need lambda:InvokeFunctionUrl and lambda:InvokeFunction in their own policies."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.invoker_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:", arn))])
    error_message = "invoker_arns must be IAM ARNs; \"*\" would open the service to everyone."
  }
}

variable "cloudfront_distribution_arn" {
  description = "Distribution with origin access control in front of the URL; null for none. Everybody reaches it, so it needs sign_in."
  type        = string
  default     = null

  validation {
    condition     = var.cloudfront_distribution_arn == null || var.sign_in
    error_message = "Behind CloudFront everybody reaches the service: switch sign_in on too."
  }
}

variable "sign_in" {
  description = "Whether it asks for a key: people sign in with it, programs send it. It is the value of the secret made here, put there by an operator."
  type        = bool
  default     = false
}

variable "model_bucket_name" {
  description = "Bucket of the model bundles."
  type        = string
}

variable "model_bucket_arn" {
  description = "Its ARN."
  type        = string
}

variable "model_name" {
  description = "Name of the model."
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
  description = "CloudWatch namespace of the service's metrics."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the logs and the environment."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}
