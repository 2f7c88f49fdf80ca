"""Training: the library behind the Mage pipelines."""
