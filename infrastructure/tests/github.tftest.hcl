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
    alert_sender            = "alerts@school.example"
    model_name              = "student-performance"
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
    condition = output.subjects == tomap({
      plan    = "repo:school/student-performance:environment:stg-plan"
      deploy  = "repo:school/student-performance:environment:stg"
      retrain = "repo:school/student-performance:environment:stg-retrain"
      promote = "repo:school/student-performance:environment:stg-promote"
    })
    error_message = "Each role belongs to a GitHub environment of its own."
  }

  assert {
    condition = alltrue([for action in flatten([for statement in concat(data.aws_iam_policy_document.enumerate.statement, data.aws_iam_policy_document.refresh.statement) : statement.actions]) :
      can(regex("(:(Describe|Get|List)|^kms:Decrypt$)", action))
    ])
    error_message = "The plan role only reads."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.refresh.statement :
      contains([for condition in statement.condition : condition.variable], "kms:ViaService") if contains(statement.actions, "kms:Decrypt")
    ])
    error_message = "What the plan role decrypts, Lambda reads for it: a function's environment."
  }

  assert {
    condition = length(setintersection(
      toset(flatten([for statement in concat(data.aws_iam_policy_document.storage.statement, data.aws_iam_policy_document.compute.statement) : statement.actions])),
      toset(["kms:ScheduleKeyDeletion", "s3:DeleteBucket", "kinesis:DeleteStream", "rds:DeleteDBInstance", "iam:AttachRolePolicy", "iam:CreateUser"]),
    )) == 0
    error_message = "A deployment destroys no data and raises no rights."
  }
}

run "roles_are_made_below_the_boundary_only" {
  command = plan

  module {
    source = "./modules/github"
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.compute.statement :
      anytrue([for condition in statement.condition : condition.variable == "iam:PermissionsBoundary" && condition.test == "StringEquals" && toset(condition.values) == toset(["arn:aws:iam::123456789012:policy/student-performance-stg-boundary"])])
      if length(setintersection(statement.actions, ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy"])) > 0
    ])
    error_message = "What a role may do is written below the boundary or not at all."
  }

  assert {
    condition     = aws_iam_policy.boundary.name == "student-performance-stg-boundary"
    error_message = "The boundary is made here, where the deploy role has no rights."
  }
}

run "without_github_the_boundary_alone" {
  command = plan

  module {
    source = "./modules/github"
  }

  variables {
    repository = null
  }

  assert {
    condition     = length(aws_iam_role.this) + length(aws_iam_policy.this) + length(aws_iam_openid_connect_provider.github) == 0 && aws_iam_policy.boundary.name == "student-performance-stg-boundary"
    error_message = "Roles of the service need their boundary with and without GitHub."
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
