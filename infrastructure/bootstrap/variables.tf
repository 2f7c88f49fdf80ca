variable "environment" {
  description = "stg or prod; part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must be 2 to 12 lower-case letters or digits, beginning with a letter."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "state_bucket_name" {
  description = "Bucket of the Terraform state (globally unique), as in vars/ENVIRONMENT.s3.tfbackend."
  type        = string
}

variable "github_repository" {
  description = "OWNER/REPOSITORY whose workflows deploy; null for no GitHub roles. One AWS account holds one GitHub provider: give each environment its own account."
  type        = string
  default     = null
}
