"""Grafana as code: dashboards, alert rules and provisioning made from the panels."""
