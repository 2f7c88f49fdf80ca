# Postgres for monitoring, MLflow and Mage: private, encrypted, TLS only, its password made and kept by RDS.

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "Postgres of ${var.name}: its clients only"
  vpc_id      = var.vpc_id
}

resource "aws_db_parameter_group" "this" {
  name   = var.name
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # Statements slower than a second; parameters stay out of the log, so no value of a student gets there.
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }

  parameter {
    name  = "log_parameter_max_length_on_error"
    value = "0"
  }

  # DETAIL and CONTEXT of an error repeat the row or the key that was refused.
  parameter {
    name  = "log_error_verbosity"
    value = "terse"
  }
}

# Made before the instance: a group that RDS makes by itself is not encrypted by this key and never forgets.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:logs hold no personal value and serve debugging; retention is a variable per environment
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_157:two zones double the price; a variable, on in production
  # checkov:skip=CKV_AWS_161:MLflow and Mage know passwords only; the password is RDS's own, in Secrets Manager, rotated
  # checkov:skip=CKV_AWS_118:enhanced monitoring adds a role and cost; the alarms need CloudWatch's standard metrics only
  # checkov:skip=CKV2_AWS_30:logging every query would write students' values to the log; slow statements are logged without parameters
  identifier     = var.name
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.instance_class
  db_name        = "student_performance"
  username       = "student_performance"

  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  allocated_storage     = var.allocated_storage_gb
  max_allocated_storage = var.allocated_storage_gb * 5
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  multi_az               = var.multi_az
  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period         = var.backup_retention_days
  copy_tags_to_snapshot           = true
  deletion_protection             = var.deletion_protection
  skip_final_snapshot             = !var.deletion_protection
  final_snapshot_identifier       = var.deletion_protection ? "${var.name}-final" : null
  auto_minor_version_upgrade      = true
  allow_major_version_upgrade     = false
  apply_immediately               = false
  enabled_cloudwatch_logs_exports = keys(aws_cloudwatch_log_group.this)
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn
}

# RDS would rotate every seven days, and a running task keeps the password it started with: see the runbook.
resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id          = aws_db_instance.this.master_user_secret[0].secret_arn
  rotate_immediately = false

  rotation_rules {
    automatically_after_days = var.password_rotation_days
  }
}
