# The whole service. What costs money while idle has a switch (enable_*), off by default.

locals {
  name = "student-performance-${var.environment}"

  repositories = toset(concat(
    ["inference"],
    var.enable_monitoring ? ["monitoring", "grafana"] : [],
    var.enable_training ? ["orchestrator", "mlflow"] : [],
  ))

  # An image is named by its digest in this environment's own registry; a tag can move under a reviewed plan.
  image_uris = { for component, url in module.registry.repository_urls :
    component => lookup(var.image_digests, component, null) == null ? null : "${url}@${var.image_digests[component]}"
  }

  # The first apply makes the registry; the function follows once its image has been pushed.
  deploy_inference = contains(keys(var.image_digests), "inference")

  # More can never run at once: one invocation per shard and lane.
  reserved_concurrency = (
    var.function_reserved_concurrency != null ? var.function_reserved_concurrency :
    var.stream_mode == "PROVISIONED" ? var.stream_shard_count * var.mapping_parallelization_factor : -1
  )

  web_function_name = "${local.name}-web"
}

module "encryption" {
  source = "./modules/encryption"

  name = local.name
  log_group_names = concat(
    ["/aws/lambda/${var.function_name}"],
  )
}

module "streams" {
  source = "./modules/streams"

  students_stream_name    = var.students_stream_name
  predictions_stream_name = var.predictions_stream_name
  mode                    = var.stream_mode
  shard_count             = var.stream_shard_count
  retention_hours         = var.stream_retention_hours
  kms_key_arn             = module.encryption.key_arn
}

module "registry" {
  source = "./modules/registry"

  repository_names               = { for component in local.repositories : component => "${local.name}/${component}" }
  lambda_functions_by_repository = { inference = concat([var.function_name], var.enable_web ? [local.web_function_name] : []) }
  kms_key_arn                    = module.encryption.key_arn
}

module "model_store" {
  source = "./modules/model_store"

  bucket_name   = var.model_bucket_name
  kms_key_arn   = module.encryption.key_arn
  force_destroy = var.force_destroy_buckets
}

module "artifact_store" {
  source = "./modules/model_store"

  bucket_name       = var.artifact_bucket_name
  kms_key_arn       = module.encryption.key_arn
  expiring_prefixes = { "datasets/" = var.dataset_retention_days }
  force_destroy     = var.force_destroy_buckets
}

module "inference" {
  source = "./modules/inference"
  count  = local.deploy_inference ? 1 : 0

  function_name           = var.function_name
  image_uri               = local.image_uris["inference"]
  handler                 = var.function_handler
  architecture            = var.function_architecture
  memory_mb               = var.function_memory_mb
  timeout_seconds         = var.function_timeout_seconds
  reserved_concurrency    = local.reserved_concurrency
  students_stream_name    = var.students_stream_name
  students_stream_arn     = module.streams.students_arn
  predictions_stream_name = var.predictions_stream_name
  predictions_stream_arn  = module.streams.predictions_arn
  model_bucket_name       = module.model_store.bucket_name
  model_bucket_arn        = module.model_store.arn
  model_name              = var.model_name
  model_refresh_seconds   = var.model_refresh_seconds
  failure_queue_name      = var.failure_queue_name
  log_level               = var.log_level
  log_retention_days      = var.log_retention_days
  metrics_namespace       = var.metrics_namespace
  kms_key_arn             = module.encryption.key_arn

  mapping = {
    batch_size                 = var.mapping_batch_size
    batching_window_seconds    = var.mapping_batching_window_seconds
    parallelization_factor     = var.mapping_parallelization_factor
    starting_position          = var.mapping_starting_position
    bisect_on_error            = var.mapping_bisect_on_error
    maximum_retry_attempts     = var.mapping_maximum_retry_attempts
    maximum_record_age_seconds = var.mapping_maximum_record_age_seconds
  }
}

module "alarms" {
  source = "./modules/alarms"
  count  = local.deploy_inference ? 1 : 0

  name                               = local.name
  topic_name                         = "${local.name}-alarms"
  recipients                         = var.alert_recipients
  function_name                      = var.function_name
  function_timeout_seconds           = var.function_timeout_seconds
  mapping_uuid                       = module.inference[0].mapping_uuid
  mapping_maximum_record_age_seconds = var.mapping_maximum_record_age_seconds
  stream_retention_hours             = var.stream_retention_hours
  students_stream_name               = var.students_stream_name
  predictions_stream_name            = var.predictions_stream_name
  failure_queue_name                 = module.inference[0].failure_queue_name
  metrics_namespace                  = var.metrics_namespace
  iterator_age_share                 = var.alarm_iterator_age_share
  rejected_share_percent             = var.alarm_rejected_share_percent
  kms_key_arn                        = module.encryption.key_arn
}
