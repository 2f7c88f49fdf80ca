"""Training orchestrated by Mage; the library it calls is orchestrator.training."""

import os

# Before onnxruntime is imported, as in inference/__init__.py: it must not report to its vendor.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
