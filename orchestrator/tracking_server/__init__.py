"""MLflow's server: its image, its own environment, its door."""
