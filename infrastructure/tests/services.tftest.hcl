# The switched modules: monitoring, training, web, and what they stand on.

mock_provider "aws" {
  source = "./tests/mocks"

  mock_resource "aws_db_instance" {
    defaults = {
      address            = "database.internal"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds-1", kms_key_id = "1", secret_status = "active" }]
    }
  }
}

variables {
  environment             = "stg"
  region                  = "eu-central-1"
  model_name              = "student-performance"
  students_stream_name    = "students"
  predictions_stream_name = "predictions"
  model_bucket_name       = "models-stg"
  artifact_bucket_name    = "artifacts-stg"
  failure_queue_name      = "failures"
  function_name           = "answers"
  alert_sender            = "alerts@school.example"
  alert_recipients        = ["mlops@school.example"]
  image_digests = {
    inference    = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
    monitoring   = "sha256:0000000000000000000000000000000000000000000000000000000000000002"
    grafana      = "sha256:0000000000000000000000000000000000000000000000000000000000000003"
    orchestrator = "sha256:0000000000000000000000000000000000000000000000000000000000000004"
    mlflow       = "sha256:0000000000000000000000000000000000000000000000000000000000000005"
  }
}

run "off_means_nothing" {
  command = plan

  assert {
    condition     = length(module.network) + length(module.database) + length(module.monitoring) + length(module.training) + length(module.web) == 0
    error_message = "What costs money while idle is off unless it is switched on."
  }
}

run "monitoring_alone" {
  command = plan

  variables {
    enable_monitoring = true
  }

  assert {
    condition     = length(module.monitoring) == 1 && length(module.network) == 1 && length(module.database) == 1 && length(module.training) == 0
    error_message = "Monitoring brings the network and the database it needs, and no training."
  }

  assert {
    condition     = contains(output.alarm_keys, "monitoring-silent") && contains(output.alarm_keys, "database-storage")
    error_message = "Monitoring watches itself."
  }

  assert {
    condition     = output.mage_url == null
    error_message = "Without training there is nobody to ask for a retraining."
  }
}

run "images_first" {
  command = plan

  variables {
    enable_monitoring = true
    enable_training   = true
    image_digests     = {}
  }

  assert {
    condition     = length(module.monitoring) == 0 && length(module.training) == 0 && toset(keys(output.repository_urls)) == toset(["inference", "monitoring", "grafana", "orchestrator", "mlflow"])
    error_message = "A component waits for its image; its repository does not."
  }
}

run "everything" {
  command = plan

  variables {
    enable_monitoring = true
    enable_training   = true
    enable_web        = true
  }

  assert {
    condition     = output.mage_url == "http://mage.student-performance-stg.internal:6789" && output.mlflow_url == "http://mlflow.student-performance-stg.internal:5000"
    error_message = "Mage and MLflow are found by name inside the VPC, and have no public address."
  }
}

run "a_new_password_restarts_its_readers" {
  command = plan

  module {
    source = "./modules/restart"
  }

  variables {
    name                     = "student-performance-stg"
    services                 = { student-performance-stg-mage = "student-performance-stg-training" }
    database                 = { identifier = "student-performance-stg", secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1" }
    cluster_arn              = "arn:aws:ecs:eu-central-1:123456789012:cluster/student-performance-stg-training"
    image_uri                = "x@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    repository_arn           = "arn:aws:ecr:eu-central-1:123456789012:repository/x"
    architecture             = "arm64"
    network                  = { vpc_id = "vpc-1", cidr_block = "10.0.0.0/16", private_subnet_ids = ["subnet-1"], namespace_id = "ns-1", namespace_name = "internal" }
    log_retention_days       = 30
    kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/1"
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = strcontains(aws_cloudwatch_event_rule.rotated["rotated-secret"].event_pattern, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1") && strcontains(aws_cloudwatch_event_rule.rotated["rotated-secret"].event_pattern, "RotationSucceeded")
    error_message = "The rotation of this secret and of no other."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.restart : target.arn == var.cluster_arn && target.input == "{}" && target.ecs_target[0].task_count == 1])
    error_message = "Both rules start the one task as it stands."
  }

  assert {
    condition     = data.aws_iam_policy_document.task.statement[0].actions == toset(["ecs:UpdateService"]) && data.aws_iam_policy_document.task.statement[0].resources == toset(["arn:aws:ecs:eu-central-1:123456789012:service/student-performance-stg-training/student-performance-stg-mage"])
    error_message = "The task may restart the readers and nothing else."
  }
}

run "database_is_private_and_kept" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    name               = "student-performance-stg"
    vpc_id             = "vpc-1"
    subnet_ids         = ["subnet-1", "subnet-2"]
    log_retention_days = 30
    kms_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/1"
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.kms_key_arn && group.retention_in_days == 30])
    error_message = "Its logs are encrypted and end."
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.manage_master_user_password
    error_message = "Encrypted, private, and its password is nobody's."
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 7
    error_message = "It cannot be destroyed by mistake and can be restored for a week."
  }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "Clients that do not encrypt are refused."
  }
}

run "web_asks_for_iam" {
  command = plan

  module {
    source = "./modules/web"
  }

  variables {
    function_name               = "web"
    image_uri                   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x/inference@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    architecture                = "arm64"
    memory_mb                   = 1769
    model_bucket_name           = "models"
    model_bucket_arn            = "arn:aws:s3:::models"
    model_refresh_seconds       = 60
    permissions_boundary_arn    = "arn:aws:iam::123456789012:policy/boundary"
    log_level                   = "INFO"
    log_retention_days          = 30
    metrics_namespace           = "StudentPerformance"
    kms_key_arn                 = "arn:aws:kms:eu-central-1:123456789012:key/1"
    cloudfront_distribution_arn = "arn:aws:cloudfront::123456789012:distribution/E1"
    sign_in                     = true
  }

  assert {
    condition     = aws_secretsmanager_secret.key[0].name == "web"
    error_message = "The key is a secret of its own, which holds nobody else's."
  }

  assert {
    condition     = aws_lambda_function_url.this.authorization_type == "AWS_IAM" && module.function.function.image_config[0].command == tolist(["inference.web.function_url.lambda_handler"])
    error_message = "The URL takes signed requests only."
  }

  assert {
    condition     = aws_lambda_permission.url["cloudfront"].source_arn == var.cloudfront_distribution_arn && aws_lambda_permission.function["cloudfront"].invoked_via_function_url
    error_message = "CloudFront may call for one distribution, through the URL only."
  }
}

run "everybody_needs_a_sign_in" {
  command = plan

  variables {
    enable_web                      = true
    web_cloudfront_distribution_arn = "arn:aws:cloudfront::123456789012:distribution/E1"
  }

  expect_failures = [var.web_cloudfront_distribution_arn]
}

run "everyone_is_refused" {
  command = plan

  module {
    source = "./modules/web"
  }

  variables {
    function_name            = "web"
    image_uri                = "x@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    architecture             = "arm64"
    memory_mb                = 1769
    model_bucket_name        = "models"
    model_bucket_arn         = "arn:aws:s3:::models"
    model_refresh_seconds    = 60
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    log_level                = "INFO"
    log_retention_days       = 30
    metrics_namespace        = "StudentPerformance"
    kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/1"
    invoker_arns             = ["*"]
  }

  expect_failures = [var.invoker_arns]
}

run "what_prepares_a_service_holds_more_than_the_service" {
  command = plan

  module {
    source = "./modules/fargate_service"
  }

  variables {
    name                     = "student-performance-stg-mage"
    short_name               = "mage"
    cluster_arn              = "arn:aws:ecs:eu-central-1:123456789012:cluster/student-performance-stg-training"
    image_uri                = "x@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    repository_arn           = "arn:aws:ecr:eu-central-1:123456789012:repository/x"
    architecture             = "arm64"
    cpu                      = 256
    memory_mb                = 512
    environment              = { PGUSER = "mage" }
    secrets                  = { PGPASSWORD = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:operator:mage::" }
    preparation_command      = ["prepare"]
    preparation_environment  = { PGUSER = "owner" }
    preparation_secrets      = { PGPASSWORD = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:owner:password::" }
    sessions                 = true
    network                  = { vpc_id = "vpc-1", cidr_block = "10.0.0.0/16", private_subnet_ids = ["subnet-1"], namespace_id = "ns-1", namespace_name = "internal" }
    log_retention_days       = 30
    kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/1"
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition = [for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : [container.name, container.environment[0].value, container.secrets[0].valueFrom]] == [
      ["preparation", "owner", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:owner:password::"],
      ["mage", "mage", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:operator:mage::"],
    ]
    error_message = "The owner's password reaches the container that ends, not the one that serves."
  }

  assert {
    condition     = length([for statement in data.aws_iam_policy_document.execution.statement : statement if statement.sid == "ReadSecrets" && length(statement.resources) == 2]) == 1
    error_message = "ECS may read the secrets of both."
  }
}
