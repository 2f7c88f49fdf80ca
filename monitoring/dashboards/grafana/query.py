"""The Postgres query of a panel, which the SDK has no builder for."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.cog import builder, variants
from grafana_foundation_sdk.models import dashboard

DATASOURCE_UID: Final = "student-performance"
DATASOURCE_TYPE: Final = "grafana-postgresql-datasource"


def datasource() -> dashboard.DataSourceRef:
    """Return the reference every panel, variable and annotation carries."""
    return dashboard.DataSourceRef(type_val=DATASOURCE_TYPE, uid=DATASOURCE_UID)


class PostgresQuery(variants.Dataquery, builder.Builder[variants.Dataquery]):  # type: ignore[misc]
    """Raw SQL with Grafana's macros; ``series`` for a time series, else a table."""

    def __init__(self, sql: str, *, series: bool = False, ref_id: str = "A") -> None:
        self.sql = sql
        self.series = series
        self.ref_id = ref_id

    def build(self) -> PostgresQuery:
        """Return the query itself: the SDK's builders take builders only."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return what Grafana's Postgres plugin stores."""
        return {
            "refId": self.ref_id,
            "datasource": {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID},
            "editorMode": "code",
            "format": "time_series" if self.series else "table",
            "rawQuery": True,
            "rawSql": self.sql,
        }
