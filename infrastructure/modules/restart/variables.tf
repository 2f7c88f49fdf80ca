variable "name" {
  description = "Prefix of the services' names."
  type        = string
}

variable "services" {
  description = "The services to restart: name and the name of its cluster."
  type        = map(string)
}

variable "database" {
  description = "Whose password it is."
  type = object({
    identifier = string
    secret_arn = string
  })
}

variable "cluster_arn" {
  description = "Cluster the task runs in."
  type        = string
}

variable "image_uri" {
  description = "An image by digest with Python and boto3: one that is deployed anyway."
  type        = string
}

variable "repository_arn" {
  description = "Its repository."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; must be the image's."
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

variable "log_retention_days" {
  description = "Days logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the logs and the image."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}
