output "role_arns" {
  description = "Role by job: plan, deploy, retrain, promote."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}

output "subjects" {
  description = "The one subject each role trusts."
  value       = local.subjects
}
