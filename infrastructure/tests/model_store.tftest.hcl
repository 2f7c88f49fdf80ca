mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  bucket_name = "models"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1"
}

run "private_versioned_encrypted" {
  command = plan

  module {
    source = "./modules/model_store"
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "An overwritten champion pointer can be brought back."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Nothing of the bucket is public."
  }

  assert {
    condition     = one([for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : rule.bucket_key_enabled])
    error_message = "Without a bucket key each read costs a request to KMS."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.tls_only.statement : statement.effect == "Deny"])
    error_message = "The bucket policy only refuses; rights stand in the roles."
  }

  assert {
    condition     = output.arn == "arn:aws:s3:::models" && aws_s3_bucket.this.force_destroy == false
    error_message = "The ARN is known at plan time, and a full bucket is not destroyed."
  }
}

run "prefixes_expire" {
  command = plan

  module {
    source = "./modules/model_store"
  }

  variables {
    expiring_prefixes = { "datasets/" = 365 }
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.expiration[0].days if rule.id == "expire-datasets"] == [365]
    error_message = "Objects below a prefix expire after the days given."
  }
}
