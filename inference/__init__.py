"""Serving: the Lambda handler, the web service and the client, on one model and one stream."""

import os

# onnxruntime 1.29 and later reports every session to its vendor and keeps a device id below the
# home folder. It reads this once, when it is imported; disable_telemetry_events() comes too late
# (measured: id and upload queue are written all the same). ORT_DISABLE_TELEMETRY=0 allows it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
