"""Alert rules as Grafana reads them."""

import json

from monitoring.dashboards.grafana.alerts import RULES, encode
from monitoring.storage import heartbeats


def test_every_rule_compares_its_own_query() -> None:
    """GIVEN the rules WHEN encoded THEN each has its SQL, its threshold and who is to act."""
    rules = json.loads(encode())["groups"][0]["rules"]
    assert [rule["uid"] for rule in rules] == [rule.uid for rule in RULES]
    assert len({rule.uid for rule in RULES}) == len(RULES)
    for made, rule in zip(rules, RULES, strict=True):
        query, threshold = made["data"]
        assert query["model"]["rawSql"] == rule.sql
        (condition,) = threshold["model"]["conditions"]
        assert condition["evaluator"] == {"type": "gt", "params": [rule.above]}
        assert made["for"] == rule.lasting and made["annotations"]["summary"]


def test_the_silent_worker_is_the_one_the_health_check_means() -> None:
    """GIVEN the rule of the silent worker WHEN read THEN the loops' own SQL and limit."""
    rule = next(rule for rule in RULES if rule.uid == "sp-worker-silent")
    assert (rule.sql, rule.above) == (heartbeats.QUIETEST_SQL, heartbeats.SILENT_SECONDS)
