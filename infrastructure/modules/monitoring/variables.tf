variable "name" {
  description = "Prefix of the services' names."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; must be the images'."
  type        = string
}

variable "worker_image_uri" {
  description = "Monitoring image by digest."
  type        = string
}

variable "worker_repository_arn" {
  description = "Its repository."
  type        = string
}

variable "grafana_image_uri" {
  description = "Grafana image (dashboards inside) by digest."
  type        = string
}

variable "grafana_repository_arn" {
  description = "Its repository."
  type        = string
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

variable "database" {
  description = "The Postgres to store into."
  type = object({
    address           = string
    identifier        = string
    name              = string
    username          = string
    secret_arn        = string
    security_group_id = string
  })
}

variable "operator_secret_arn" {
  description = "Secret with grafana_admin_password, grafana_database_password and retraining_trigger_token, set by an operator."
  type        = string
}

variable "predictions_stream_name" {
  description = "Stream to read."
  type        = string
}

variable "predictions_stream_arn" {
  description = "Its ARN."
  type        = string
}

variable "stream_retention_hours" {
  description = "Hours a prediction stays readable."
  type        = number
}

variable "failure_queue_url" {
  description = "Queue whose messages are counted: what the function's mapping has given up."
  type        = string
}

variable "failure_queue_arn" {
  description = "Its ARN."
  type        = string
}

variable "artifact_bucket_name" {
  description = "Bucket of reference sets, outcomes and reports."
  type        = string
}

variable "artifact_bucket_arn" {
  description = "Its ARN."
  type        = string
}

variable "model_name" {
  description = "Model that is watched."
  type        = string
}

variable "mage_url" {
  description = "Where retraining is asked for; empty for nowhere."
  type        = string
}

variable "alert_sender" {
  description = "Sender of alert mails, an SES identity."
  type        = string
}

variable "alert_recipients" {
  description = "Recipients of alert mails."
  type        = list(string)
}

variable "environment" {
  description = "Part of every mail's subject."
  type        = string
}

variable "dashboard_url" {
  description = "Address of the dashboard in alert mails."
  type        = string
}

variable "runbook_url" {
  description = "Address of the runbook."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Topic of the alarms."
  type        = string
}

variable "log_level" {
  description = "DEBUG, INFO, WARNING or ERROR."
  type        = string
}

variable "log_retention_days" {
  description = "Days logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of everything stored."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}
