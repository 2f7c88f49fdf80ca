mock_provider "aws" {
  source = "./tests/mocks"
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
}

run "first_apply_has_no_function" {
  command = plan

  assert {
    condition     = length(module.inference) == 0 && length(module.alarms) == 0 && output.function_name == null
    error_message = "Before its image exists the function is not made; the registry is."
  }

  assert {
    condition     = toset(keys(output.repository_urls)) == toset(["inference", "monitoring", "grafana", "orchestrator", "mlflow"])
    error_message = "Staging holds the images that production promotes, also of components that are switched off there."
  }
}

run "with_an_image" {
  command = plan

  variables {
    image_digests = { inference = "sha256:0000000000000000000000000000000000000000000000000000000000000001" }
  }

  assert {
    condition     = output.image_uri == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/student-performance-stg/inference@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    error_message = "The function runs this environment's own image, by digest."
  }
}

run "a_tag_is_refused" {
  command = plan

  variables {
    image_digests = { inference = "latest" }
  }

  expect_failures = [var.image_digests]
}

run "an_age_that_leaves_no_time_for_a_repair_is_refused" {
  command = plan

  variables {
    stream_retention_hours             = 24
    mapping_maximum_record_age_seconds = 21601
  }

  expect_failures = [var.mapping_maximum_record_age_seconds]
}

run "an_alarm_nobody_reads_is_refused" {
  command = plan

  variables {
    alert_recipients = []
  }

  expect_failures = [var.alert_recipients]
}

run "destroying_full_buckets_in_production_is_refused" {
  command = plan

  variables {
    environment           = "prod"
    force_destroy_buckets = true
  }

  expect_failures = [var.force_destroy_buckets]
}
