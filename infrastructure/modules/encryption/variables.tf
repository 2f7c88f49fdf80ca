variable "name" {
  description = "Name of the key's alias, without \"alias/\"."
  type        = string
}

variable "log_group_names" {
  description = "Log groups that CloudWatch Logs may encrypt with the key."
  type        = list(string)

  validation {
    condition     = length(var.log_group_names) > 0 && alltrue([for name in var.log_group_names : !strcontains(name, "*")])
    error_message = "log_group_names must be exact names, at least one; a pattern would open the key to other services' logs."
  }
}

variable "deletion_window_days" {
  description = "Days between the destruction of the key and the end of the data it protects."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days must be 7 to 30."
  }
}
