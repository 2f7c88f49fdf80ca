output "state_bucket_name" {
  description = "Bucket of the Terraform state."
  value       = module.state.bucket_name
}
