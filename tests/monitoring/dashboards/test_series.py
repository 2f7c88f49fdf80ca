"""The SQL the panels share."""

from monitoring.dashboards.panels.series import limit, reference, series, union


def test_a_series_has_time_name_and_value() -> None:
    """GIVEN a metric WHEN its SQL is made THEN grouped by time and name, of the chosen versions."""
    sql = series("f1", "m.label", "avg(m.value)", " AND w.kind = 'labelled'")
    assert sql.startswith("SELECT $__timeGroupAlias(w.last_event, $__interval), m.label AS metric")
    assert "(avg(m.value))::float8 AS value" in sql and "m.metric = 'f1'" in sql
    assert sql.endswith("AND w.kind = 'labelled' GROUP BY 1, 2")
    assert "${version:sqlstring}" in sql


def test_limits_come_from_the_table() -> None:
    """GIVEN a metric WHEN its limit is drawn THEN from the threshold stored beside each figure."""
    assert "(max(m.threshold))" in limit("f1_macro") and "'limit' AS metric" in limit("f1_macro")


def test_series_are_joined_in_the_order_of_time() -> None:
    """GIVEN two series WHEN joined THEN one query with one order."""
    joined = union(series("a", "'a'"), reference("b", "'reference b'"))
    assert joined.count(" UNION ALL ") == 1 and joined.endswith(" ORDER BY 1, 2")
