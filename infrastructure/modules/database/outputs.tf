output "address" {
  description = "Host name."
  value       = aws_db_instance.this.address
}

output "identifier" {
  description = "Identifier, a dimension of its metrics."
  value       = aws_db_instance.this.identifier
}

output "name" {
  description = "The first database."
  value       = aws_db_instance.this.db_name
}

output "username" {
  description = "The owner."
  value       = aws_db_instance.this.username
}

output "secret_arn" {
  description = "Secret with the owner's password, kept by RDS."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "security_group_id" {
  description = "Group that clients' rules name."
  value       = aws_security_group.this.id
}
