"""A real apply, second plan and destroy of the local environment's plan against the emulator.

The only real provider binary a package index holds is hashicorp/aws 3.39.0 (2021). It knows neither
every resource nor every attribute of today, so the plan is rewritten for it: what it does not know
is left out and counted. What remains is made by Terraform's own provider through AWS's own APIs.
"""
