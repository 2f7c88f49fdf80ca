"""Monitoring: the consumer of predictions, Evidently windows, alerts, dashboards."""
