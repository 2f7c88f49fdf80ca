"""Infrastructure: Terraform for AWS, and the tools around it."""
