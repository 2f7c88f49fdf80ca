"""What every test run needs, units and integration alike: nothing of this shell, nothing by chance."""

import os
import signal

from hypothesis import HealthCheck, settings

# A background job of a shell (`make test &`) is born with Ctrl-C ignored, and its children inherit
# that; the tests that interrupt a program would then wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Property tests draw the same examples in every run, and how long one takes says nothing on a busy
# machine. `--hypothesis-profile=default` draws others.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")

# By these a run is told which endpoint and database to use instead of its own.
_KEPT = {"AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
# Whatever else a shell may set for AWS's SDKs, for this project's programs or for how they print.
_PREFIXES = (
    *("AWS_", "POWERTOOLS_", "MLFLOW_", "MAGE_", "MODEL_", "STUDENTS_"),
    *("PREDICTIONS_", "LABELS_", "WEB_", "INGEST_", "WINDOW_", "WORKER_", "ALERT_", "RETRAIN_"),
    *("RETRAINING_", "RETENTION_", "INCIDENT_", "DELIVERY_", "DASHBOARD_", "ARTIFACT_"),
    *("FAILURE_QUEUE_", "TRAINING_", "GRAFANA_"),
)
_NAMES = {"LOG_LEVEL", "COLUMNS", "LINES", "FORCE_COLOR"}
for _name in list(os.environ):
    if (_name.startswith(_PREFIXES) or _name in _NAMES) and _name not in _KEPT:
        del os.environ[_name]
# A proxy is for what an image's build fetches, never for the services on loopback.
_DIRECT = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost")))
os.environ |= {
    "NO_PROXY": _DIRECT,
    "no_proxy": _DIRECT,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Whether Kaggle answers must not decide what is trained on.
    "STUDENTS_DOWNLOAD": "off",
}
