"""The log: a line per request, nothing about a person."""

from __future__ import annotations

import io
import json
import logging

from inference.web.middleware.journal import JsonFormatter
from tests.inference.support.kinesis import event

KEY = "s3cret-key"


def test_the_log_holds_no_personal_data(make_app) -> None:
    """Given canary values in every part of requests, no log line at any level shows them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        http = make_app(api_key=KEY).test_client()
        key = {"X-API-Key": KEY, "User-Agent": "canary-agent", "Referer": "http://canary/"}
        http.post("/predict?canary=1", json=event("canary-id", note="canary"), headers=key)
        http.post("/predict", json={"student_id": "canary", "student": "canary"}, headers=key)
        http.post("/", data={"Absences": "canary", "try": "canary=canary"}, headers=key)
        http.post("/predict/csv", data="canary,csv\n1,2", content_type="text/csv", headers=key)
        http.get("/predictions/canary", headers=key)
        http.get("/model", headers={"X-API-Key": "canary"})
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    own = [line for line in lines if line["message"] == "request"]
    assert [(line["route"], line["status"]) for line in own] == [
        ("/predict", 200),
        ("/predict", 422),
        ("/", 422),
        ("/predict/csv", 422),
        (None, 404),
        ("/model", 401),
    ]
    assert "canary" not in stream.getvalue() and KEY not in stream.getvalue()
