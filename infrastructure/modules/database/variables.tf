variable "name" {
  description = "Identifier of the instance."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the instance."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in two zones."
  type        = list(string)
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string
  default     = "db.t4g.micro"

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "instance_class must be an RDS class such as db.t4g.micro."
  }
}

variable "allocated_storage_gb" {
  description = "Storage to begin with; it grows by itself to five times that."
  type        = number
  default     = 20

  validation {
    condition     = var.allocated_storage_gb >= 20
    error_message = "allocated_storage_gb must be at least 20, gp3's minimum."
  }
}

variable "multi_az" {
  description = "A standby in a second zone; doubles the price."
  type        = bool
  default     = false
}

variable "backup_retention_days" {
  description = "Days to which the database can be restored, to the second."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must be 1 to 35; 0 would switch backups off."
  }
}

variable "deletion_protection" {
  description = "Whether destroying the instance is refused, and leaves a final snapshot."
  type        = bool
  default     = true
}

variable "password_rotation_days" {
  description = "Days between two passwords."
  type        = number
  default     = 90

  validation {
    condition     = var.password_rotation_days >= 1 && var.password_rotation_days <= 365
    error_message = "password_rotation_days must be 1 to 365."
  }
}

variable "log_retention_days" {
  description = "Days the database's logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the storage, the password, the logs and Performance Insights."
  type        = string
}
