"""The web service: single predictions over HTTP, the page for teachers, and the stream's front door."""
