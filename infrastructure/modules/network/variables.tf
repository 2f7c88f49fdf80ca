variable "name" {
  description = "Name of the VPC and prefix of what it holds."
  type        = string
}

variable "cidr_block" {
  description = "Address range of the VPC, /16 to /22."
  type        = string
  default     = "10.42.0.0/20"

  validation {
    condition     = can(cidrsubnet(var.cidr_block, 4, 8)) && tonumber(split("/", var.cidr_block)[1]) >= 16 && tonumber(split("/", var.cidr_block)[1]) <= 22
    error_message = "cidr_block must be an IPv4 range from /16 to /22."
  }
}

variable "availability_zones" {
  description = "Two zones, by name: a list that AWS answers may change and would move the subnets."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) == 2
    error_message = "availability_zones must be two different zones."
  }
}

variable "log_retention_days" {
  description = "Days the flow log of refused connections is kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow log."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Ceiling of the roles made here (bootstrap makes it)."
  type        = string
}
