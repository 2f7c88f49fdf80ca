output "worker_security_group_id" {
  description = "Group of the worker, which asks Mage to retrain."
  value       = module.worker.security_group_id
}

output "cluster_arn" {
  description = "ARN of that cluster."
  value       = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:cluster/${aws_ecs_cluster.this.name}"
}

output "cluster_name" {
  description = "Cluster of the worker and Grafana."
  value       = aws_ecs_cluster.this.name
}

output "alarm_keys" {
  description = "Key of every alarm, each a section of the runbook."
  value       = keys(local.alarms)
}
