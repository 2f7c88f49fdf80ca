output "mage_url" {
  description = "Address of Mage inside the VPC."
  value       = "http://${module.mage.host}:6789"
}

output "mlflow_url" {
  description = "Address of MLflow inside the VPC."
  value       = "http://${module.mlflow.host}:5000"
}

output "cluster_name" {
  description = "Cluster of Mage and MLflow."
  value       = aws_ecs_cluster.this.name
}
