"""Grafana's SQL macros and variables, expanded by its rules, for the report and for the tests.

Only the forms the panels use are known; any other ``$`` is an error, so that a panel cannot pass
the tests with SQL that Grafana would read differently.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from monitoring.errors import MonitoringError

_TIME_FILTER: Final = re.compile(r"\$__timeFilter\(([\w.]+)\)")
_TIME_GROUP: Final = re.compile(r"\$__timeGroupAlias\(([\w.]+),\s*\$__interval\)")
_VARIABLE: Final = re.compile(r"\$\{(\w+):sqlstring\}")


class Range(NamedTuple):
    """A dashboard's time range and the width of one bucket in seconds."""

    start: datetime
    end: datetime
    interval: int


def _stamp(moment: datetime) -> str:
    return f"'{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z'"


def _quoted(values: Sequence[str]) -> str:
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)


def expand(sql: str, period: Range, variables: Mapping[str, Sequence[str]]) -> str:
    """Return SQL that Postgres can run; raises MonitoringError for a macro or variable unknown."""
    start, end = _stamp(period.start), _stamp(period.end)
    sql = _TIME_FILTER.sub(lambda m: f"{m[1]} BETWEEN {start} AND {end}", sql)
    sql = _TIME_GROUP.sub(
        lambda m: f"floor(extract(epoch from {m[1]})/{period.interval})*{period.interval}"
        ' AS "time"',
        sql,
    )
    sql = sql.replace("$__timeFrom()", start).replace("$__timeTo()", end)

    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise MonitoringError(f"panel SQL uses unknown variable {match[1]}")
        return _quoted(variables[match[1]]) or "''"

    sql = _VARIABLE.sub(value, sql)
    if "$" in sql:
        raise MonitoringError(
            f"panel SQL holds a macro that is not known: {sql[sql.index('$'):][:40]}"
        )
    return sql
