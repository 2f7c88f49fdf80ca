output "security_group_id" {
  description = "Group of the tasks, for rules between services."
  value       = aws_security_group.this.id
}

output "host" {
  description = "Name in the private DNS namespace."
  value       = "${var.short_name}.${var.network.namespace_name}"
}

output "service_name" {
  description = "Name of the ECS service."
  value       = var.name
}

output "family_arn" {
  description = "The task definition without a revision: the newest one, so a rollout changes nothing that refers to it."
  value       = "arn:${local.partition}:ecs:${local.region}:${local.account_id}:task-definition/${aws_ecs_task_definition.this.family}"
}

output "role_arns" {
  description = "Both roles of the task, which whoever starts it hands over."
  value       = [for role in [aws_iam_role.execution, aws_iam_role.task] : "arn:${local.partition}:iam::${local.account_id}:role/${role.name}"]
}
