output "state_bucket_name" {
  description = "Bucket of the Terraform state."
  value       = module.state.bucket_name
}

output "github_role_arns" {
  description = "AWS_PLAN_ROLE_ARN, AWS_DEPLOY_ROLE_ARN, AWS_RETRAIN_ROLE_ARN and AWS_PROMOTE_ROLE_ARN of the GitHub environments."
  value       = module.github.role_arns
}
