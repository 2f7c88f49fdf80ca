variable "bucket_name" {
  description = "Name of the bucket (globally unique)."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects."
  type        = string
}

variable "noncurrent_days" {
  description = "Days an overwritten or deleted object can be brought back."
  type        = number
  default     = 90

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "noncurrent_days must be at least 1."
  }
}

variable "expiring_prefixes" {
  description = "Days until the objects under a prefix expire, by prefix."
  type        = map(number)
  default     = {}
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes what it holds; never in production."
  type        = bool
  default     = false
}
