variable "name" {
  description = "Full name of the service, its roles and its log group."
  type        = string
}

variable "short_name" {
  description = "Name of the container, and of the service in the private DNS namespace."
  type        = string
}

variable "cluster_arn" {
  description = "Cluster the service runs in."
  type        = string
}

variable "image_uri" {
  description = "Image by digest."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = "image_uri must be pinned by digest (REPOSITORY@sha256:...)."
  }
}

variable "repository_arn" {
  description = "Repository the image is pulled from."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; must be the image's."
  type        = string
}

variable "cpu" {
  description = "CPU units; 1024 is one vCPU."
  type        = number
}

variable "memory_mb" {
  description = "Memory of the task."
  type        = number
}

variable "service" {
  description = "Whether it runs for ever; false for a task that something else starts."
  type        = bool
  default     = true
}

variable "entry_point" {
  description = "Entry point, or null for the image's own."
  type        = list(string)
  default     = null
}

variable "command" {
  description = "Command, or null for the image's own."
  type        = list(string)
  default     = null
}

variable "preparation_command" {
  description = "Command that must succeed before the container starts, in the same image; null for none."
  type        = list(string)
  default     = null
}

variable "preparation_environment" {
  description = "Environment variables of that command besides the service's own, which they replace."
  type        = map(string)
  default     = {}
}

variable "preparation_secrets" {
  description = "Its secrets besides the service's own, which they replace: what the service itself must not hold."
  type        = map(string)
  default     = {}
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "secrets" {
  description = "Environment variables from Secrets Manager: secret ARN, or ARN:KEY:: for one key of a JSON secret."
  type        = map(string)
  default     = {}
}

variable "port" {
  description = "Port other services reach it on; null for none."
  type        = number
  default     = null
}

variable "health_command" {
  description = "ECS health check, for example [\"CMD\", \"python\", \"-m\", \"monitoring\", \"health\"]; null for none."
  type        = list(string)
  default     = null
}

variable "task_policy_json" {
  description = "What the program may do; null for nothing, then sessions must be on (IAM knows no empty policy)."
  type        = string
  default     = null
}

variable "sessions" {
  description = "Whether people with IAM rights may open a session to it (port forwarding through Systems Manager): the only way in to a user interface."
  type        = bool
  default     = false
}

variable "network" {
  description = "Outputs of the network module."
  type = object({
    vpc_id             = string
    cidr_block         = string
    private_subnet_ids = list(string)
    namespace_id       = string
    namespace_name     = string
  })
}

variable "log_retention_days" {
  description = "Days logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the logs, the secrets and the images."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}
