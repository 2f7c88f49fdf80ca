"""The SQL the model dashboard's panels share: a metric over time, its limit, its reference."""

from typing import Final

CHOSEN: Final = "w.version IN (${version:sqlstring})"


def series(metric: str, name: str, value: str = "max(m.value)", more: str = "") -> str:
    """Return SQL of a metric's series by window time, named by the SQL expression ``name``."""
    return (
        f"SELECT $__timeGroupAlias(w.last_event, $__interval), {name} AS metric,"
        f" ({value})::float8 AS value FROM monitoring.window_metrics m"
        " JOIN monitoring.windows w USING (window_id)"
        f" WHERE m.metric = '{metric}' AND {CHOSEN} AND $__timeFilter(w.last_event){more}"
        " GROUP BY 1, 2"
    )


def limit(metric: str, value: str = "max(m.threshold)", more: str = "") -> str:
    """Return SQL of the metric's own threshold, as it was stored with each figure."""
    return series(metric, "'limit'", value, f"{more} AND m.threshold IS NOT NULL")


def union(*parts: str) -> str:
    """Return several series as one query, in the order of time."""
    return " UNION ALL ".join(parts) + " ORDER BY 1, 2"


def reference(metric: str, name: str, more: str = "") -> str:
    """Return SQL that draws a reference figure over the range its version was watched."""
    return (
        f"SELECT $__timeGroupAlias(w.last_event, $__interval), {name} AS metric,"
        " avg(r.value)::float8 AS value FROM monitoring.windows w"
        " JOIN monitoring.reference_stats r ON r.version = w.reference_version"
        f" WHERE r.metric = '{metric}' AND {CHOSEN} AND $__timeFilter(w.last_event){more}"
        " GROUP BY 1, 2"
    )


NEWEST: Final = (
    "SELECT w.window_id FROM monitoring.windows w WHERE w.kind = 'labelled'"
    f" AND {CHOSEN} AND $__timeFilter(w.last_event) ORDER BY w.last_event DESC, w.window_id DESC"
    " LIMIT 1"
)
