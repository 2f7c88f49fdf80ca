terraform {
  required_version = ">= 1.10, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }

  # The first apply keeps its state here and makes the bucket; then
  # `terraform init -migrate-state -backend-config=../vars/ENVIRONMENT.s3.tfbackend` with the key "bootstrap.tfstate"
  # moves it there (see infrastructure/README.md).
  backend "local" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = "student-performance"
      Environment = var.environment
      ManagedBy   = "terraform-bootstrap"
    }
  }
}
