terraform {
  # 1.10: the state is locked in S3 itself (use_lockfile), which spares a DynamoDB table.
  required_version = ">= 1.10, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }

  # Bucket, key and region stand in vars/ENVIRONMENT.s3.tfbackend; infrastructure/bootstrap makes the bucket.
  # No `encrypt`: without a key's id it asks for S3's own key, in place of the state's key that the bucket uses by default.
  backend "s3" {
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = "student-performance"
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }
}
