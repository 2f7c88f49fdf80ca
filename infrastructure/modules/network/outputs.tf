output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "cidr_block" {
  description = "Its address range."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "Private subnets in two zones, with a way out for image pulls and AWS's APIs."
  value       = aws_subnet.private[*].id

  depends_on = [aws_route.nat, aws_route_table_association.private]
}

output "namespace_id" {
  description = "Private DNS namespace of the services."
  value       = aws_service_discovery_private_dns_namespace.this.id
}

output "namespace_name" {
  description = "Its name: a service is SERVICE.this."
  value       = aws_service_discovery_private_dns_namespace.this.name
}
