# A version from another environment, taken on request: whoever may put the event may start this one command and no other. What it
# takes was written below incoming/, and is judged again here before it is published; the event's identifier names the outcome.

resource "aws_cloudwatch_event_rule" "promote" {
  name          = "${var.name}-promote"
  description   = "Takes the version that was sent to incoming/"
  event_pattern = jsonencode({ source = [var.name], detail-type = ["promote"] })
}

resource "aws_cloudwatch_event_target" "promote" {
  rule     = aws_cloudwatch_event_rule.promote.name
  arn      = aws_ecs_cluster.this.arn
  role_arn = aws_iam_role.retrain.arn

  ecs_target {
    task_definition_arn = module.mage.family_arn
    launch_type         = "FARGATE"
    task_count          = 1
    group               = "${var.name}-promote"

    network_configuration {
      subnets          = var.network.private_subnet_ids
      security_groups  = [module.mage.security_group_id]
      assign_public_ip = false
    }
  }

  input_transformer {
    input_paths    = { request = "$.id" }
    input_template = <<-JSON
      {"containerOverrides": [{"name": "mage", "command": ["timeout", "--kill-after=60", "900", "python", "-m", "orchestrator.promote", "--received", "--request-id", <request>]}]}
    JSON
  }

  # What nobody waits for any more is not started.
  retry_policy {
    maximum_event_age_in_seconds = 300
    maximum_retry_attempts       = 5
  }

  depends_on = [aws_iam_role_policy.retrain]
}
