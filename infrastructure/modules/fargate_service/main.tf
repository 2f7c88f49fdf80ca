# One container on Fargate in private subnets, with a role of its own: a service that runs for ever, or a task that a rule starts.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id    = data.aws_caller_identity.current.account_id
  partition     = data.aws_partition.current.partition
  region        = data.aws_region.current.region
  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.this.name}"
  environment   = [for name, value in var.environment : { name = name, value = value }]
  secrets       = [for name, source in var.secrets : { name = name, valueFrom = source }]

  # secret:KEY:: picks one key of a JSON secret; rights are on the secret as a whole.
  secret_arns = distinct([for source in concat(values(var.secrets), values(var.preparation_secrets)) : join(":", slice(split(":", source), 0, 7))])

  logging = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = local.log_group_name
      awslogs-region        = local.region
      awslogs-stream-prefix = "task"
    }
  }
  log_group_name = "/ecs/${var.name}"

  preparation = var.preparation_command == null ? [] : [{
    name             = "preparation"
    image            = var.image_uri
    essential        = false
    command          = var.preparation_command
    environment      = [for name, value in merge(var.environment, var.preparation_environment) : { name = name, value = value }]
    secrets          = [for name, source in merge(var.secrets, var.preparation_secrets) : { name = name, valueFrom = source }]
    logConfiguration = local.logging
  }]

  main = {
    name        = var.short_name
    image       = var.image_uri
    essential   = true
    entryPoint  = var.entry_point
    command     = var.command
    environment = local.environment
    secrets     = local.secrets
    # Sessions (port forwarding) need an agent that writes to the root file system.
    readonlyRootFilesystem = !var.sessions
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }]
    portMappings           = var.port == null ? [] : [{ containerPort = var.port, protocol = "tcp" }]
    healthCheck            = var.health_command == null ? null : { command = var.health_command, interval = 30, timeout = 10, retries = 3, startPeriod = 180 }
    logConfiguration       = local.logging
    linuxParameters        = { initProcessEnabled = true }
    stopTimeout            = 60
    dependsOn              = [for container in local.preparation : { containerName = container.name, condition = "SUCCESS" }]
  }
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:logs hold no personal value and serve debugging; retention is a variable per environment
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5:attached to the service below, which checkov does not follow through the list
  name        = var.name
  description = "Tasks of ${var.name}"
  vpc_id      = var.network.vpc_id
}

# AWS's APIs and the image registry are reached over TLS; nothing else outside of the VPC.
resource "aws_vpc_security_group_egress_rule" "tls" {
  security_group_id = aws_security_group.this.id
  description       = "AWS APIs, image registry"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "dns" {
  security_group_id = aws_security_group.this.id
  description       = "Names of the services"
  ip_protocol       = "udp"
  from_port         = 53
  to_port           = 53
  cidr_ipv4         = var.network.cidr_block
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory_mb
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode(concat(local.preparation, [local.main]))
  # Old revisions stay: something to go back to, and no right to deregister (which AWS knows for "*" only).
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture == "arm64" ? "ARM64" : "X86_64"
  }

  volume {
    name = "scratch"
  }
}

resource "aws_service_discovery_service" "this" {
  count = var.port == null ? 0 : 1

  name = var.short_name

  dns_config {
    namespace_id = var.network.namespace_id

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

resource "aws_ecs_service" "this" {
  count = var.service ? 1 : 0

  name                   = var.name
  cluster                = var.cluster_arn
  task_definition        = aws_ecs_task_definition.this.arn
  desired_count          = 1
  launch_type            = "FARGATE"
  enable_execute_command = var.sessions
  propagate_tags         = "SERVICE"

  # One at a time: Mage's scheduler and MLflow's SQL migrations want to be alone.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.network.private_subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  dynamic "service_registries" {
    for_each = aws_service_discovery_service.this

    content {
      registry_arn = service_registries.value.arn
    }
  }

  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task]
}
