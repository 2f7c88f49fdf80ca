# The whole service. What costs money while idle has a switch (enable_*), off by default.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  name = "student-performance-${var.environment}"

  # Made by bootstrap: the deploy role can neither make a role without it nor change it.
  permissions_boundary_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/${local.name}-boundary"

  # Every component's, whatever is switched on: staging holds the images that production promotes.
  repositories = toset(["inference", "monitoring", "grafana", "orchestrator", "mlflow"])

  # The first apply makes the registry; the function follows once its image has been pushed.
  deploy_inference = contains(keys(var.image_digests), "inference")

  # More can never run at once: one invocation per shard and lane.
  reserved_concurrency = (
    var.function_reserved_concurrency != null ? var.function_reserved_concurrency :
    var.stream_mode == "PROVISIONED" ? var.stream_shard_count * var.mapping_parallelization_factor : -1
  )

  web_function_name = "${local.name}-web"

  # A switched-on component waits for its image as the function does.
  deploy_monitoring = var.enable_monitoring && alltrue([for component in ["monitoring", "grafana"] : contains(keys(var.image_digests), component)])
  deploy_training   = var.enable_training && alltrue([for component in ["orchestrator", "mlflow"] : contains(keys(var.image_digests), component)])
  runs_monitoring   = local.deploy_monitoring && local.deploy_inference
  needs_network     = var.enable_monitoring || var.enable_training
}

locals {
  # What read the database's password when it started, and the cluster it runs in.
  password_readers = local.runs_monitoring ? { "${local.name}-monitoring" = "${local.name}-monitoring" } : {}
}

module "encryption" {
  source = "./modules/encryption"

  name = local.name
  log_group_names = concat(
    ["/aws/lambda/${var.function_name}"],
    var.enable_web ? ["/aws/lambda/${local.web_function_name}"] : [],
    local.needs_network ? ["/aws/vpc/${local.name}"] : [],
    var.enable_monitoring ? ["/ecs/${local.name}-monitoring", "/ecs/${local.name}-grafana"] : [],
    var.enable_training ? ["/ecs/${local.name}-mlflow", "/ecs/${local.name}-mage"] : [],
    var.enable_monitoring ? ["/ecs/${local.name}-restart"] : [],
    local.needs_network ? ["/aws/rds/instance/${local.name}/postgresql", "/aws/rds/instance/${local.name}/upgrade"] : [],
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
  expiring_prefixes = merge({ for prefix in ["datasets/", "reference/", "reports/"] : prefix => var.dataset_retention_days }, { "incoming/" = 7 })
  force_destroy     = var.force_destroy_buckets
}

module "inference" {
  source = "./modules/inference"
  count  = local.deploy_inference ? 1 : 0

  function_name            = var.function_name
  image_uri                = "${module.registry.repository_urls["inference"]}@${var.image_digests["inference"]}"
  handler                  = var.function_handler
  architecture             = var.function_architecture
  memory_mb                = var.function_memory_mb
  timeout_seconds          = var.function_timeout_seconds
  reserved_concurrency     = local.reserved_concurrency
  students_stream_name     = var.students_stream_name
  students_stream_arn      = module.streams.students_arn
  predictions_stream_name  = var.predictions_stream_name
  predictions_stream_arn   = module.streams.predictions_arn
  model_bucket_name        = module.model_store.bucket_name
  model_bucket_arn         = module.model_store.arn
  model_name               = var.model_name
  model_refresh_seconds    = var.model_refresh_seconds
  failure_queue_name       = var.failure_queue_name
  log_level                = var.log_level
  log_retention_days       = var.log_retention_days
  metrics_namespace        = var.metrics_namespace
  kms_key_arn              = module.encryption.key_arn
  permissions_boundary_arn = local.permissions_boundary_arn

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
  runbook_url                        = var.runbook_url
  iterator_age_share                 = var.alarm_iterator_age_share
  rejected_share_percent             = var.alarm_rejected_share_percent
  kms_key_arn                        = module.encryption.key_arn
}

module "web" {
  source = "./modules/web"
  count  = var.enable_web && local.deploy_inference ? 1 : 0

  function_name               = local.web_function_name
  image_uri                   = "${module.registry.repository_urls["inference"]}@${var.image_digests["inference"]}"
  architecture                = var.function_architecture
  memory_mb                   = var.function_memory_mb
  invoker_arns                = var.web_invoker_arns
  cloudfront_distribution_arn = var.web_cloudfront_distribution_arn
  sign_in                     = var.web_sign_in
  reserved_concurrency        = var.web_reserved_concurrency
  model_bucket_name           = module.model_store.bucket_name
  model_bucket_arn            = module.model_store.arn
  model_name                  = var.model_name
  model_refresh_seconds       = var.model_refresh_seconds
  log_level                   = var.log_level
  log_retention_days          = var.log_retention_days
  metrics_namespace           = var.metrics_namespace
  kms_key_arn                 = module.encryption.key_arn
  permissions_boundary_arn    = local.permissions_boundary_arn
}

module "network" {
  source = "./modules/network"
  count  = local.needs_network ? 1 : 0

  name                     = local.name
  cidr_block               = var.vpc_cidr_block
  availability_zones       = coalesce(var.availability_zones, ["${var.region}a", "${var.region}b"])
  log_retention_days       = var.log_retention_days
  kms_key_arn              = module.encryption.key_arn
  permissions_boundary_arn = local.permissions_boundary_arn
}

module "database" {
  source = "./modules/database"
  count  = local.needs_network ? 1 : 0

  name                = local.name
  vpc_id              = module.network[0].vpc_id
  subnet_ids          = module.network[0].private_subnet_ids
  instance_class      = var.database_instance_class
  multi_az            = var.database_multi_az
  deletion_protection = var.database_deletion_protection
  log_retention_days  = var.log_retention_days
  kms_key_arn         = module.encryption.key_arn
}

# Passwords that people choose: made empty here and set once with `aws secretsmanager put-secret-value`
# (infrastructure/README.md), so that no password is ever in the state or in a plan.
resource "aws_secretsmanager_secret" "operator" {
  # checkov:skip=CKV2_AWS_57:set by an operator; rotating it means setting it again and restarting the services
  count = local.needs_network ? 1 : 0

  name        = "${local.name}-operator"
  description = "grafana_admin_password, grafana_database_password, retraining_trigger_token, mage_owner_password, mage_signing_key, mage_database_password, mlflow_database_password"
  kms_key_id  = module.encryption.key_arn
}

module "monitoring" {
  source = "./modules/monitoring"
  count  = local.runs_monitoring ? 1 : 0

  name                     = local.name
  architecture             = var.function_architecture
  worker_image_uri         = "${module.registry.repository_urls["monitoring"]}@${var.image_digests["monitoring"]}"
  worker_repository_arn    = module.registry.repository_arns["monitoring"]
  grafana_image_uri        = "${module.registry.repository_urls["grafana"]}@${var.image_digests["grafana"]}"
  grafana_repository_arn   = module.registry.repository_arns["grafana"]
  network                  = one(module.network[*])
  database                 = one(module.database[*])
  operator_secret_arn      = aws_secretsmanager_secret.operator[0].arn
  predictions_stream_name  = var.predictions_stream_name
  predictions_stream_arn   = module.streams.predictions_arn
  stream_retention_hours   = var.stream_retention_hours
  failure_queue_url        = module.inference[0].failure_queue_url
  failure_queue_arn        = module.inference[0].failure_queue_arn
  artifact_bucket_name     = module.artifact_store.bucket_name
  artifact_bucket_arn      = module.artifact_store.arn
  model_name               = var.model_name
  mage_url                 = local.deploy_training ? "http://mage.${module.network[0].namespace_name}:6789" : ""
  environment              = var.environment
  dashboard_url            = var.dashboard_url
  runbook_url              = var.runbook_url
  alert_sender             = var.alert_sender
  alert_recipients         = var.alert_recipients
  alarm_topic_arn          = module.alarms[0].topic_arn
  log_level                = var.log_level
  log_retention_days       = var.log_retention_days
  kms_key_arn              = module.encryption.key_arn
  permissions_boundary_arn = local.permissions_boundary_arn
}

module "training" {
  source = "./modules/training"
  count  = local.deploy_training ? 1 : 0

  name                        = local.name
  architecture                = var.function_architecture
  orchestrator_image_uri      = "${module.registry.repository_urls["orchestrator"]}@${var.image_digests["orchestrator"]}"
  orchestrator_repository_arn = module.registry.repository_arns["orchestrator"]
  mlflow_image_uri            = "${module.registry.repository_urls["mlflow"]}@${var.image_digests["mlflow"]}"
  mlflow_repository_arn       = module.registry.repository_arns["mlflow"]
  network                     = one(module.network[*])
  database                    = one(module.database[*])
  operator_secret_arn         = aws_secretsmanager_secret.operator[0].arn
  caller_security_group_ids   = module.monitoring[*].worker_security_group_id
  retraining_timeout_seconds  = var.retraining_timeout_seconds
  alarm_topic_arn             = one(module.alarms[*].topic_arn)
  runbook_url                 = var.runbook_url
  model_bucket_name           = module.model_store.bucket_name
  model_bucket_arn            = module.model_store.arn
  artifact_bucket_name        = module.artifact_store.bucket_name
  artifact_bucket_arn         = module.artifact_store.arn
  model_name                  = var.model_name
  log_retention_days          = var.log_retention_days
  kms_key_arn                 = module.encryption.key_arn
  permissions_boundary_arn    = local.permissions_boundary_arn
}

module "restart" {
  source = "./modules/restart"
  count  = length(local.password_readers) > 0 ? 1 : 0

  name                     = local.name
  services                 = local.password_readers
  database                 = one(module.database[*])
  cluster_arn              = module.monitoring[0].cluster_arn
  image_uri                = "${module.registry.repository_urls["monitoring"]}@${var.image_digests["monitoring"]}"
  repository_arn           = module.registry.repository_arns["monitoring"]
  architecture             = var.function_architecture
  network                  = one(module.network[*])
  log_retention_days       = var.log_retention_days
  kms_key_arn              = module.encryption.key_arn
  permissions_boundary_arn = local.permissions_boundary_arn
}
