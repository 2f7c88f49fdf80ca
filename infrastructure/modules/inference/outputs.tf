output "function_name" {
  description = "Name of the function."
  value       = module.function.function.function_name
}

output "mapping_uuid" {
  description = "Identifier of the event source mapping, a dimension of its metrics."
  value       = aws_lambda_event_source_mapping.students.uuid
}

output "failure_queue_url" {
  description = "Address of the failure queue."
  value       = aws_sqs_queue.failures.url
}

output "failure_queue_arn" {
  description = "ARN of the failure queue."
  value       = local.queue_arn
}

output "failure_queue_name" {
  description = "Name of the failure queue."
  value       = aws_sqs_queue.failures.name
}

output "image_uri" {
  description = "The image that serves; what a rollback goes back to."
  value       = module.function.function.image_uri
}
