"""The service dashboard: is everything running, how fast, what was refused, who was told."""

from typing import Final

from monitoring.dashboards.panels.panel import (
    GREEN,
    ORANGE,
    RED,
    Board,
    Row,
    bars,
    lines,
    stat,
    table,
)
from monitoring.storage import failure_queue, heartbeats

_NOW: Final = Row(
    "Now",
    (
        stat(
            "Worker silent for",
            "Seconds since the quietest of the worker's loops was last heard of (they report every ten).",
            heartbeats.QUIETEST_SQL,
            unit="s",
            steps=((None, GREEN), (60, ORANGE), (heartbeats.SILENT_SECONDS, RED)),
        ),
        stat(
            "Last window",
            "Age of the newest closed window. Old is normal while nothing is streamed.",
            "SELECT extract(epoch FROM now() - max(closed_at))::float8 AS value"
            " FROM monitoring.windows",
            unit="s",
        ),
        stat(
            "Records per minute",
            "Answers stored, averaged over the last five minutes.",
            "SELECT coalesce(sum(inserted + rejected), 0)::float8 / 5 AS value"
            " FROM monitoring.ingest_batches WHERE committed_at > now() - interval '5 minutes'",
        ),
        stat(
            "Ingest lag p95",
            "Seconds from prediction to stored row, worst batch of the last five minutes.",
            "SELECT coalesce(max(lag_p95), 0)::float8 AS value FROM monitoring.ingest_batches"
            " WHERE committed_at > now() - interval '5 minutes'",
            unit="s",
            decimals=2,
            steps=((None, GREEN), (2, ORANGE), (60, RED)),
        ),
        stat(
            "Dead letters",
            "Records that could not be read, in the time range.",
            "SELECT count(*)::float8 AS value FROM monitoring.dead_letters"
            " WHERE $__timeFilter(received_at)",
            steps=((None, GREEN), (1, ORANGE)),
        ),
        stat(
            "Deliveries given up",
            "Mails and retraining requests that are dead, in the time range.",
            "SELECT count(*)::float8 AS value FROM monitoring.deliveries"
            " WHERE state = 'dead' AND $__timeFilter(created_at)",
            steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Given up",
            "Batches in the failure queue, when last looked at. Their students have no answer until"
            " somebody runs make redrive.",
            failure_queue.DEPTH_SQL,
            steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Oldest given up",
            "How long the oldest of them may have waited. make redrive finds its records only within"
            " the stream's retention.",
            failure_queue.AGE_SQL,
            unit="s",
            steps=((None, GREEN), (1, ORANGE), (21_600, RED)),
        ),
    ),
)

_FLOW: Final = Row(
    "Flow",
    (
        bars(
            "Records stored",
            "Predictions and rejections stored, duplicates met and unreadable records, per bucket.",
            "SELECT $__timeGroupAlias(b.committed_at, $__interval), m.metric,"
            " sum(m.value)::float8 AS value FROM monitoring.ingest_batches b,"
            " LATERAL (VALUES ('predictions', b.inserted), ('rejections', b.rejected),"
            " ('duplicates', b.duplicates), ('unreadable', b.dead)) AS m (metric, value)"
            " WHERE $__timeFilter(b.committed_at) GROUP BY 1, 2 ORDER BY 1, 2",
            width=12,
        ),
        lines(
            "Ingest lag",
            "Seconds from prediction to stored row: median and p95 of the slowest batch in a bucket.",
            "SELECT $__timeGroupAlias(b.committed_at, $__interval), m.metric,"
            " max(m.value)::float8 AS value FROM monitoring.ingest_batches b,"
            " LATERAL (VALUES ('p50', b.lag_p50), ('p95', b.lag_p95)) AS m (metric, value)"
            " WHERE $__timeFilter(b.committed_at) AND m.value IS NOT NULL"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            unit="s",
            width=6,
        ),
        lines(
            "Behind the stream",
            "How far reading is behind the newest record, by shard.",
            "SELECT $__timeGroupAlias(committed_at, $__interval), shard_id AS metric,"
            " (max(millis_behind) / 1000.0)::float8 AS value FROM monitoring.ingest_batches"
            " WHERE $__timeFilter(committed_at) AND millis_behind IS NOT NULL"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            unit="s",
            width=6,
        ),
    ),
)

_REJECTED: Final = Row(
    "Rejections",
    (
        bars(
            "Rejected by code",
            "Problems found in rejected records, by code (a record may have several).",
            "SELECT $__timeGroupAlias(minute, $__interval), code AS metric,"
            " sum(count)::float8 AS value FROM monitoring.rejection_counts"
            " WHERE $__timeFilter(minute) GROUP BY 1, 2 ORDER BY 1, 2",
            width=12,
        ),
        table(
            "What is rejected",
            "Codes and fields in the time range, most frequent first.",
            "SELECT code, field, version, sum(count) AS problems FROM monitoring.rejection_counts"
            " WHERE $__timeFilter(minute) GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2 LIMIT 50",
            width=6,
        ),
        table(
            "Unreadable records",
            "Where each stands in its stream and why it could not be read; its content is not kept.",
            "SELECT received_at AS time, code, reason, shard_id, sequence_number, size"
            " FROM monitoring.dead_letters WHERE $__timeFilter(received_at)"
            " ORDER BY received_at DESC LIMIT 50",
            width=6,
        ),
    ),
)

_TOLD: Final = Row(
    "Who was told, and what came of it",
    (
        table(
            "Deliveries",
            "Mails and retraining requests of incidents, newest first.",
            "SELECT created_at AS time, kind, incident_id AS incident, state, attempts,"
            " finished_at AS finished, last_error AS note FROM monitoring.deliveries"
            " WHERE $__timeFilter(created_at) ORDER BY created_at DESC, outbox_id DESC LIMIT 50",
            width=12,
        ),
        table(
            "Events",
            "Alarms, ends, retraining, promotions, new versions: what the annotations show.",
            "SELECT happened_at AS time, kind, version, text FROM monitoring.events"
            " WHERE $__timeFilter(happened_at) ORDER BY happened_at DESC LIMIT 50",
            width=12,
        ),
        table(
            "Consumer positions",
            "Every shard's checkpoint: when it last moved, how far behind, whether it is finished.",
            "SELECT stream, shard_id AS shard, updated_at AS moved, millis_behind, finished"
            " FROM monitoring.consumer_checkpoint ORDER BY stream, shard_id LIMIT 200",
            width=16,
            height=6,
        ),
        table(
            "Loops",
            "When each of the worker's loops was last heard of, the quietest first.",
            heartbeats.ALL_SQL,
            height=6,
        ),
    ),
)

SERVICE: Final = Board(
    "student-performance-service",
    "Student Performance: service",
    "For operators: is monitoring running, how fast do answers arrive, what is refused.",
    (),
    (_NOW, _FLOW, _REJECTED, _TOLD),
)
