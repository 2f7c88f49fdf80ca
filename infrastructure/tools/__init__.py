"""Tools around the Terraform code."""
