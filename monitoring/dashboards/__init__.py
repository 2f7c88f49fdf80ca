"""What people see: panels, Grafana, the report page."""
