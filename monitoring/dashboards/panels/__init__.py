"""What the dashboards show, said once: Grafana's JSON and the HTML report are made from it."""
