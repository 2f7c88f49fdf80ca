"""The gate, the bundle, and the champion's movement."""
