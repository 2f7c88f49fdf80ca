output "topic_arn" {
  description = "Topic that further alarms may publish to."
  value       = local.topic_arn
}

output "alarm_keys" {
  description = "Key of every alarm, each a section of the runbook."
  value       = sort(concat(keys(local.simple), ["rejected-share", "unanswered"]))
}
