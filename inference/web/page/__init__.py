"""The page for people, and what it says about the model."""
