mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  repository_names               = { inference = "x/inference", monitoring = "x/monitoring" }
  lambda_functions_by_repository = { inference = ["answers"] }
  kms_key_arn                    = "arn:aws:kms:eu-central-1:123456789012:key/1"
}

run "immutable_and_scanned" {
  command = plan

  module {
    source = "./modules/registry"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push])
    error_message = "A tag never moves and every push is scanned."
  }

  assert {
    condition     = output.repository_urls["inference"] == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x/inference"
    error_message = "The address of a repository is known at plan time."
  }

  assert {
    condition     = toset(keys(aws_ecr_repository_policy.lambda_pull)) == toset(["inference"])
    error_message = "Lambda may pull only what a function runs."
  }

  assert {
    condition = one(flatten([for statement in data.aws_iam_policy_document.lambda_pull["inference"].statement :
      [for condition in statement.condition : condition.values]
    ])) == "arn:aws:lambda:eu-central-1:123456789012:function:answers"
    error_message = "Lambda may pull for the named function only."
  }
}

run "unknown_component_is_refused" {
  command = plan

  module {
    source = "./modules/registry"
  }

  variables {
    lambda_functions_by_repository = { web = ["answers"] }
  }

  expect_failures = [var.lambda_functions_by_repository]
}
