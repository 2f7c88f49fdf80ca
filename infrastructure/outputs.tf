output "students_stream_name" {
  description = "Put student records here."
  value       = var.students_stream_name
}

output "predictions_stream_name" {
  description = "Read predictions here."
  value       = var.predictions_stream_name
}

output "model_bucket_name" {
  description = "MODEL_BUCKET of whoever publishes a bundle."
  value       = module.model_store.bucket_name
}

output "artifact_bucket_name" {
  description = "ARTIFACT_BUCKET of training."
  value       = module.artifact_store.bucket_name
}

output "repository_urls" {
  description = "Where each component's image is pushed."
  value       = module.registry.repository_urls
}

output "function_name" {
  description = "The inference function; null before its image exists."
  value       = one(module.inference[*].function_name)
}

output "image_uri" {
  description = "The image that serves; what a rollback goes back to."
  value       = one(module.inference[*].image_uri)
}

output "failure_queue_url" {
  description = "Where given-up batches wait."
  value       = one(module.inference[*].failure_queue_url)
}

output "alarm_topic_arn" {
  description = "Topic of the alarms."
  value       = one(module.alarms[*].topic_arn)
}

output "alarm_keys" {
  description = "Key of every alarm, each a section of the runbook."
  value       = sort(concat(flatten(module.alarms[*].alarm_keys), flatten(module.monitoring[*].alarm_keys), flatten(module.training[*].alarm_keys)))
}

output "image_digests" {
  description = "Digests of the last apply, also of one that failed half-way; what was proven is in serving.json beside the state."
  value       = var.image_digests
}

output "web_url" {
  description = "Address of the web service; requests are signed."
  value       = one(module.web[*].url)
}

output "mage_url" {
  description = "Address of Mage inside the VPC."
  value       = one(module.training[*].mage_url)
}

output "mlflow_url" {
  description = "Address of MLflow inside the VPC."
  value       = one(module.training[*].mlflow_url)
}
