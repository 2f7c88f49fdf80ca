"""What every component agrees on: features, grades, events, the bundle, scores, settings."""
