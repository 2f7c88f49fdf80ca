"""The dashboards as one self-contained HTML page, for people without a Grafana."""
