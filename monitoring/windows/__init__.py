"""Windows of predictions: cut, measured, judged."""
