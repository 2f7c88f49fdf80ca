mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name             = "student-performance-stg"
  environment      = "stg"
  repository       = "school/student-performance"
  state_bucket_arn = "arn:aws:s3:::state"
  state_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/1"
  settings = {
    function_name           = "answers"
    students_stream_name    = "students"
    predictions_stream_name = "predictions"
    model_bucket_name       = "models"
    artifact_bucket_name    = "artifacts"
    failure_queue_name      = "failures"
  }
}

run "one_environment_of_one_repository" {
  command = plan

  module {
    source = "./modules/github"
  }

  assert {
    condition = alltrue([for document in data.aws_iam_policy_document.assume : alltrue([
      for condition in document.statement[0].condition : condition.test == "StringEquals" && length(condition.values) == 1
    ])])
    error_message = "A role trusts one exact subject, never a pattern."
  }

  assert {
    condition = output.subjects == {
      plan    = "repo:school/student-performance:environment:stg-plan"
      deploy  = "repo:school/student-performance:environment:stg"
      retrain = "repo:school/student-performance:environment:stg-retrain"
    }
    error_message = "Each role belongs to a GitHub environment of its own."
  }

  assert {
    condition = alltrue([for action in flatten([for statement in concat(data.aws_iam_policy_document.enumerate.statement, data.aws_iam_policy_document.refresh.statement) : statement.actions]) :
      can(regex(":(Describe|Get|List)", action))
    ])
    error_message = "The plan role only reads."
  }

  assert {
    condition = length(setintersection(
      toset(flatten([for statement in concat(data.aws_iam_policy_document.storage.statement, data.aws_iam_policy_document.compute.statement) : statement.actions])),
      toset(["kms:ScheduleKeyDeletion", "s3:DeleteBucket", "kinesis:DeleteStream", "rds:DeleteDBInstance", "iam:AttachRolePolicy", "iam:CreateUser"]),
    )) == 0
    error_message = "A deployment destroys no data and raises no rights."
  }
}

run "a_pattern_of_repositories_is_refused" {
  command = plan

  module {
    source = "./modules/github"
  }

  variables {
    repository = "school/*"
  }

  expect_failures = [var.repository]
}
