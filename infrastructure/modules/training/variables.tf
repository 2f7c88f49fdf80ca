variable "name" {
  description = "Prefix of the services' names."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; must be the images'."
  type        = string
}

variable "orchestrator_image_uri" {
  description = "Mage image by digest."
  type        = string
}

variable "orchestrator_repository_arn" {
  description = "Its repository."
  type        = string
}

variable "mlflow_image_uri" {
  description = "MLflow image by digest."
  type        = string
}

variable "mlflow_repository_arn" {
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
  description = "The Postgres of both back ends and of monitoring's labels."
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
  description = "Secret with retraining_trigger_token, mage_owner_password, mage_signing_key, mage_database_password and mlflow_database_password, set by an operator."
  type        = string
}

variable "caller_security_group_ids" {
  description = "Groups that may call Mage: the monitoring worker's, where there is one."
  type        = list(string)
  default     = []
}

variable "model_bucket_name" {
  description = "Bucket that champions are published to."
  type        = string
}

variable "model_bucket_arn" {
  description = "Its ARN."
  type        = string
}

variable "artifact_bucket_name" {
  description = "Bucket of MLflow's artifacts, data sets, outcomes and reference sets."
  type        = string
}

variable "artifact_bucket_arn" {
  description = "Its ARN."
  type        = string
}

variable "model_name" {
  description = "Name of the model."
  type        = string
}

variable "retraining_timeout_seconds" {
  description = "How long a training on request may run before it is ended."
  type        = number
}

variable "alarm_topic_arn" {
  description = "Topic of the alarms; null where there is none yet."
  type        = string
  default     = null
}

variable "runbook_url" {
  description = "Address of the runbook."
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
