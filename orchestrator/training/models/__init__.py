"""The candidate models, their tuning and their ONNX form."""
