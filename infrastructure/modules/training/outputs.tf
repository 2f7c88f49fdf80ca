output "mage_url" {
  description = "Address of Mage inside the VPC."
  value       = "http://${module.mage.host}:6789"
}

output "mlflow_url" {
  description = "Address of MLflow inside the VPC."
  value       = "http://${module.mlflow.host}:5000"
}

output "alarm_keys" {
  description = "Key of every alarm, each a section of the runbook."
  value       = [for key in keys(aws_cloudwatch_metric_alarm.down) : "${key}-down"]
}

output "cluster_arn" {
  description = "ARN of that cluster."
  value       = local.cluster_arn
}

output "cluster_name" {
  description = "Cluster of Mage and MLflow."
  value       = aws_ecs_cluster.this.name
}
