variable "repository_names" {
  description = "Repository name by component, for example {inference = \"student-performance-stg/inference\"}."
  type        = map(string)
}

variable "lambda_functions_by_repository" {
  description = "Names of the Lambda functions that run an image of each component's repository."
  type        = map(list(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.lambda_functions_by_repository), keys(var.repository_names))) == 0
    error_message = "lambda_functions_by_repository must only name components of repository_names."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the images."
  type        = string
}

variable "images_kept" {
  description = "Images kept in each repository; every one is a version that can be rolled back to."
  type        = number
  default     = 30

  validation {
    condition     = var.images_kept >= 2
    error_message = "images_kept must be at least 2, or there is nothing to roll back to."
  }
}
