mock_provider "aws" {
  source = "./tests/mocks"
}

run "rotates_and_names_its_users" {
  command = plan

  module {
    source = "./modules/encryption"
  }

  variables {
    name            = "student-performance-stg"
    log_group_names = ["/aws/lambda/answers"]
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key rotates, and a mistaken deletion can be undone for a month."
  }

  assert {
    condition     = !contains(flatten([for statement in data.aws_iam_policy_document.key.statement : statement.actions]), "kms:*")
    error_message = "The key's policy names every action."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.key.statement : statement.sid == "AccountDecidesByIam" || length(statement.condition) > 0])
    error_message = "A service principal uses the key under a condition only."
  }
}

run "patterns_of_log_groups_are_refused" {
  command = plan

  module {
    source = "./modules/encryption"
  }

  variables {
    name            = "x"
    log_group_names = ["/aws/lambda/*"]
  }

  expect_failures = [var.log_group_names]
}
