output "url" {
  description = "Address of the web service; requests are signed."
  value       = aws_lambda_function_url.this.function_url
}

output "function_name" {
  description = "Name of the function."
  value       = module.function.function.function_name
}
