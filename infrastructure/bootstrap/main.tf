# What must be there before the service's own Terraform can run, applied by an administrator once per
# environment: the bucket of the state, the roles GitHub Actions assumes, and the ceiling of every role
# of the service. Kept apart so that the role that deploys can change neither its own rights, nor that
# ceiling, nor its own state bucket.

locals {
  name = "student-performance-${var.environment}"
}

resource "aws_kms_key" "state" {
  # checkov:skip=CKV2_AWS_64:without a policy AWS sets the documented default, access by this account's IAM only
  description             = "Terraform state of ${local.name}"
  deletion_window_in_days = 30
  enable_key_rotation     = true
}

resource "aws_kms_alias" "state" {
  name          = "alias/${local.name}-state"
  target_key_id = aws_kms_key.state.key_id
}

module "state" {
  source = "../modules/model_store"

  bucket_name     = var.state_bucket_name
  kms_key_arn     = aws_kms_key.state.arn
  noncurrent_days = 365
}

module "github" {
  source = "../modules/github"

  name             = local.name
  environment      = var.environment
  repository       = var.github_repository
  settings         = jsondecode(file("${path.module}/../vars/${var.environment}.tfvars.json"))
  state_bucket_arn = module.state.arn
  state_key_arn    = aws_kms_key.state.arn
}

moved {
  from = module.github[0]
  to   = module.github
}
