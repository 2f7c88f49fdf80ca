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
  value       = aws_ecs_service.this.name
}
