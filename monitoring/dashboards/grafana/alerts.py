"""Alert rules as code: what should wake an operator, beyond the mails monitoring sends itself.

Monitoring's own alarms (drift, performance) leave by mail and open an incident. These rules watch
the watcher, from outside of it: a worker that has died cannot say so.
"""

import json
from typing import Any, Final, NamedTuple

from monitoring.dashboards.grafana.query import DATASOURCE_UID, PostgresQuery
from monitoring.storage import failure_queue, heartbeats


class Rule(NamedTuple):
    """Alert when the SQL's single value is above ``above`` for ``lasting``."""

    uid: str
    title: str
    sql: str
    above: float
    lasting: str
    severity: str
    summary: str


RULES: Final = (
    Rule(
        "sp-worker-silent",
        "Monitoring worker is silent",
        heartbeats.QUIETEST_SQL,
        heartbeats.SILENT_SECONDS,
        "1m",
        "critical",
        "One of the worker's loops has not been heard of for two minutes. Nothing is lost while the"
        " stream keeps its records, but drift would go unseen.",
    ),
    Rule(
        "sp-ingest-behind",
        "Predictions reach the database late",
        "SELECT coalesce(max(millis_behind), 0)::float8 / 1000 AS value"
        " FROM monitoring.consumer_checkpoint WHERE NOT finished",
        300,
        "5m",
        "warning",
        "The consumer is more than five minutes behind the stream, for five minutes.",
    ),
    Rule(
        "sp-dead-letters",
        "Unreadable records on the predictions stream",
        "SELECT count(*)::float8 AS value FROM monitoring.dead_letters"
        " WHERE received_at > now() - interval '15 minutes'",
        0,
        "0s",
        "warning",
        "Records that are no predictions were read: a producer and this consumer disagree.",
    ),
    Rule(
        "sp-rejected-share",
        "A fifth of the records is rejected",
        "SELECT coalesce(sum(rejected)::float8 / nullif(sum(inserted + rejected), 0), 0) AS value"
        " FROM monitoring.ingest_batches WHERE committed_at > now() - interval '15 minutes'"
        " HAVING coalesce(sum(inserted + rejected), 0) >= 50",
        0.2,
        "5m",
        "warning",
        "More than 20 % of at least 50 records were rejected: see the codes on the dashboard.",
    ),
    Rule(
        "sp-failure-queue",
        "Students were given up on",
        failure_queue.DEPTH_SQL,
        0,
        "1m",
        "critical",
        "Batches lie in the failure queue. `make redrive` answers them while the stream still has"
        " their records.",
    ),
    Rule(
        "sp-delivery-dead",
        "A mail or a retraining request was given up",
        "SELECT count(*)::float8 AS value FROM monitoring.deliveries"
        " WHERE state = 'dead' AND finished_at > now() - interval '1 hour'",
        0,
        "0s",
        "critical",
        "The outbox gave up on a delivery: the address, SES or Mage needs a person.",
    ),
    Rule(
        "sp-incident-open",
        "A model incident is open for six hours",
        "SELECT coalesce(max(extract(epoch FROM now() - opened_at)), 0)::float8 AS value"
        " FROM monitoring.incidents WHERE closed_at IS NULL",
        21_600,
        "5m",
        "warning",
        "Drift or poor performance has not been cured: labels may be missing, or the gate refuses.",
    ),
)


def runbook(rule: Rule) -> str:
    """Return the rule's section of the runbook."""
    return f"infrastructure/README.md#grafana-{rule.uid.removeprefix('sp-')}"


def _step(name: str, source: str, model: dict[str, Any]) -> dict[str, Any]:
    window = {"from": 900, "to": 0}
    return {"refId": name, "relativeTimeRange": window, "datasourceUid": source, "model": model}


def _rule(rule: Rule) -> dict[str, Any]:
    query = {
        **PostgresQuery(rule.sql).to_json(),
        "intervalMs": 60_000,
        "maxDataPoints": 100,
    }
    threshold = {
        "refId": "B",
        "type": "threshold",
        "datasource": {"type": "__expr__", "uid": "__expr__"},
        "expression": "A",
        "conditions": [{"evaluator": {"type": "gt", "params": [rule.above]}, "type": "query"}],
    }
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "B",
        "data": [_step("A", DATASOURCE_UID, query), _step("B", "__expr__", threshold)],
        # no row means nothing to complain about; a query that fails means the database is away
        "noDataState": "OK",
        "execErrState": "Alerting",
        "for": rule.lasting,
        "labels": {"severity": rule.severity, "service": "student-performance"},
        "annotations": {"summary": rule.summary, "runbook_url": runbook(rule)},
        "isPaused": False,
    }


def encode() -> str:
    """Return the alert rules' provisioning file."""
    group = {
        "orgId": 1,
        "name": "student-performance",
        "folder": "Student Performance",
        "interval": "1m",
        "rules": [_rule(rule) for rule in RULES],
    }
    return json.dumps({"apiVersion": 1, "groups": [group]}, indent=2, sort_keys=True) + "\n"
