"""The web service: predictions over HTTP, the page for teachers, the streams' front door."""
