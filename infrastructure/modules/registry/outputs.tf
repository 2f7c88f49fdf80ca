output "repository_urls" {
  description = "Repository address by component."
  value       = { for component, repository in aws_ecr_repository.this : component => "${local.domain}/${repository.name}" }

  # Lambda checks at creation that it may pull, so whoever uses the address waits for the policy too.
  depends_on = [aws_ecr_repository_policy.lambda_pull]
}

output "repository_arns" {
  description = "Repository ARN by component."
  value       = { for component, repository in aws_ecr_repository.this : component => "arn:${local.partition}:ecr:${local.region}:${local.account_id}:repository/${repository.name}" }
}
