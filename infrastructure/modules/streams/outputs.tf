# ARNs are composed from the names: the plan then states every policy in full, and the reference still
# makes whoever uses the ARN wait for the stream.

output "students_arn" {
  description = "ARN of the input stream."
  value       = "${local.prefix}/${aws_kinesis_stream.students.name}"
}

output "predictions_arn" {
  description = "ARN of the output stream."
  value       = "${local.prefix}/${aws_kinesis_stream.predictions.name}"
}
