variable "name" {
  description = "Prefix of the service's names, student-performance-ENVIRONMENT."
  type        = string
}

variable "environment" {
  description = "stg or prod; the GitHub environments are ENVIRONMENT and ENVIRONMENT-plan, -retrain, -promote."
  type        = string
}

variable "repository" {
  description = "OWNER/REPOSITORY on GitHub; null for the boundary alone."
  type        = string
  nullable    = true

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be OWNER/REPOSITORY, without a pattern: the roles trust exactly one."
  }
}

variable "settings" {
  description = "The names in vars/ENVIRONMENT.tfvars.json."
  type = object({
    function_name           = string
    students_stream_name    = string
    predictions_stream_name = string
    model_bucket_name       = string
    artifact_bucket_name    = string
    failure_queue_name      = string
    alert_sender            = string
    model_name              = string
    enable_training         = optional(bool, false)
  })
}

variable "state_bucket_arn" {
  description = "Bucket of the Terraform state."
  type        = string
}

variable "state_key_arn" {
  description = "Key of the Terraform state."
  type        = string
}
