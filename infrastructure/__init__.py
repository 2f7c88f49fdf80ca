"""Infrastructure: Terraform for AWS, and the same cloud on one machine in `local`."""
