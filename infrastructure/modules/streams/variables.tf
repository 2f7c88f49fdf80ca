variable "students_stream_name" {
  description = "Name of the input stream."
  type        = string
}

variable "predictions_stream_name" {
  description = "Name of the output stream."
  type        = string

  validation {
    condition     = var.predictions_stream_name != var.students_stream_name
    error_message = "predictions_stream_name must differ from students_stream_name; the service would read its own answers."
  }
}

variable "mode" {
  description = "PROVISIONED (shard_count applies) or ON_DEMAND."
  type        = string

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.mode)
    error_message = "mode must be PROVISIONED or ON_DEMAND."
  }
}

variable "shard_count" {
  description = "Shards of each stream when provisioned: 1 MB/s or 1,000 records/s in, each."
  type        = number
}

variable "retention_hours" {
  description = "Hours a record stays readable (24 to 8760)."
  type        = number
}

variable "kms_key_arn" {
  description = "Key that encrypts both streams."
  type        = string
}
