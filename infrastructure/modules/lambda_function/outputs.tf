output "function" {
  description = "The function, with its rights in place."
  value       = aws_lambda_function.this
}

output "log_group" {
  description = "Its log group."
  value       = aws_cloudwatch_log_group.this
}

output "policy" {
  description = "What its role may do."
  value       = data.aws_iam_policy_document.this
}
