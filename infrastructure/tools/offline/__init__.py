"""Terraform with neither registry nor cloud: validate, test and plan against the provider's schema.

`make tf-check` uses the real provider where the registry can be reached. Where it cannot, this
package serves a schema-only stand-in of hashicorp/aws over Terraform's own plugin protocol. It
knows names, nesting, required and computed attributes and types (schema.json); it does not know
enums, ranges or conflicts, and it talks to no cloud.
"""
