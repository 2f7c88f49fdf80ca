"""Grafana as code: dashboards, alert rules and provisioning made from ``monitoring.dashboards.panels``."""
