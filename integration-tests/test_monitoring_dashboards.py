"""Every panel's, variable's, annotation's and alert's SQL, run as Grafana's own role."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from psycopg2 import errorcodes
from psycopg2.extensions import connection as Connection

from monitoring import settings
from monitoring.dashboards.grafana import alerts, generate
from monitoring.dashboards.grafana.query import DATASOURCE_TYPE, DATASOURCE_UID
from monitoring.dashboards.panels import BOARDS
from monitoring.dashboards.panels import panel as panels
from monitoring.dashboards.panels.macro import Range, expand
from monitoring.dashboards.panels.panel import ANNOTATIONS, Panel
from monitoring.storage import database
from monitoring.storage.migrate import migrate
from monitoring.worker import build_outbox, build_watch
from tests.monitoring.support import cohort, history
from tests.monitoring.support.cloud import Cloud, opened
from tests.monitoring.support.mage import serve

pytest_plugins = ["tests.monitoring.support.services"]
GRAFANA = Path(generate.__file__).parent
PANELS = [(board.uid, panel) for board in BOARDS for row in board.rows for panel in row.panels]
VARIABLES = {"version": ["1", "2"], "feature": ["Absences"]}


def _period() -> Range:
    end = datetime.now(UTC) + timedelta(hours=1)
    return Range(end - timedelta(hours=24), end, 300)


@pytest.fixture(name="observed", scope="module")
def observed_fixture(postgres_server: Any, endpoint: str) -> Iterator[str]:
    """The address, as grafana_ro, of a database with a history that really was evaluated."""
    admin = psycopg2.connect(postgres_server.address("postgres"))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("CREATE DATABASE observed")
    with opened(endpoint) as cloud:
        _live_through(cloud, postgres_server.address("observed"))
    with admin.cursor() as cursor:
        cursor.execute("ALTER ROLE grafana_ro PASSWORD 'of-this-test-only'")
    owner = postgres_server.address("observed")
    yield re.sub(r"//[^@]+@", "//grafana_ro:of-this-test-only@", owner)
    admin.close()


def _live_through(cloud: Cloud, database_url: str) -> None:
    s3 = cloud.client("s3")
    cloud.put_reference("1")
    shifted = io.BytesIO()
    cohort.reference(shifted=True).to_parquet(shifted, index=False)
    s3.put_object(Bucket=cloud.bucket, Key="reference/2.parquet", Body=shifted.getvalue())
    outcome = {"promoted": True, "version": "2", "champion_before": "1", "reasons": ["f1 +.04"]}
    connection = database.connect(database_url)
    migrate(connection)
    with serve() as mage:
        configured = settings.load(
            {
                "DATABASE_URL": database_url,
                "AWS_ENDPOINT_URL": cloud.url,
                "ARTIFACT_BUCKET": cloud.bucket,
                "ALERT_SENDER": "alerts@school.example",
                "ALERT_RECIPIENTS": cloud.recipient,
                "MAGE_URL": mage.url,
                "WINDOW_REPORTS": "none",
            }
        )
        history.write(
            connection,
            build_watch(configured),
            build_outbox(configured),
            lambda: s3.put_object(
                Bucket=cloud.bucket,
                Key="outcomes/incident-1-1.json",
                Body=json.dumps(outcome).encode(),
            ),
        )
    connection.close()


@pytest.fixture(name="grafana")
def grafana_fixture(observed: str) -> Iterator[Connection]:
    """A connection as grafana_ro, with no search path: panels name their schema."""
    connection = psycopg2.connect(observed)
    connection.autocommit = True
    yield connection
    connection.close()


def _run(connection: Connection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(expand(sql, _period(), VARIABLES))
        return [column.name for column in cursor.description or ()], cursor.fetchall()


@pytest.mark.parametrize(
    ("board", "panel"), PANELS, ids=[f"{uid}: {panel.title}" for uid, panel in PANELS]
)
def test_every_panel_answers_as_grafana_ro(grafana: Connection, board: str, panel: Panel) -> None:
    """GIVEN a history WHEN the panel's SQL runs as grafana_ro
    THEN it has rows in the shape its kind needs, and no NaN."""
    del board
    names, rows = _run(grafana, panel.sql)
    assert rows
    if panel.kind in (panels.SERIES, panels.BARS, panels.STATES):
        assert names == ["time", "metric", "value"]
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    if panel.kind == panels.STAT:
        assert names == ["value"] and len(rows) == 1 and rows[0][0] is not None
    for value in (value for row in rows for value in row if isinstance(value, float)):
        assert math.isfinite(value)


def test_the_history_shows_what_happened(grafana: Connection) -> None:
    """GIVEN the history WHEN verdicts, retraining and incidents are read off the panels
    THEN they tell the story: quiet, alarm, promoted, quiet again."""
    by_title = {panel.title: panel for _, panel in PANELS}
    _, states = _run(grafana, by_title["Verdicts"].sql)
    first = [value for _, name, value in states if name == "version 1, drift"]
    second = [value for _, name, value in states if name == "version 2, drift"]
    assert first[-2:] == ["alarm", "alarm"] and "alarm" not in first[:-2]
    assert second and "alarm" not in second
    _, retraining = _run(grafana, by_title["Retraining"].sql)
    assert retraining[0][2:5] == ("promoted", "2", "1")
    _, incidents = _run(grafana, by_title["Incidents"].sql)
    assert len(incidents) == 1 and incidents[0][4] is not None
    _, annotations = _run(grafana, ANNOTATIONS)
    assert {"alarm", "resolved", "promoted", "version"} <= {row[2] for row in annotations}


@pytest.mark.parametrize("variable", [v for board in BOARDS for v in board.variables])
def test_variables_offer_values(grafana: Connection, variable: panels.Variable) -> None:
    """GIVEN a history WHEN a variable's SQL runs THEN it offers one column of values."""
    names, rows = _run(grafana, variable.sql)
    assert len(names) == 1 and rows


@pytest.mark.parametrize("rule", alerts.RULES, ids=[rule.uid for rule in alerts.RULES])
def test_alert_rules_give_one_number_or_none(grafana: Connection, rule: alerts.Rule) -> None:
    """GIVEN a history WHEN an alert rule's SQL runs THEN it gives at most one finite number."""
    names, rows = _run(grafana, rule.sql)
    assert names == ["value"] and len(rows) <= 1
    assert all(math.isfinite(row[0]) for row in rows)


@pytest.mark.parametrize("table", ["predictions", "rejections", "ground_truth", "outbox"])
def test_the_dashboards_role_cannot_read_a_students_row(grafana: Connection, table: str) -> None:
    """GIVEN grafana_ro WHEN it reads a table with rows of single students
    THEN Postgres refuses, and it cannot write either."""
    with pytest.raises(psycopg2.Error) as refusal:
        _run(grafana, f"SELECT * FROM monitoring.{table}")
    assert refusal.value.pgcode == errorcodes.INSUFFICIENT_PRIVILEGE
    with pytest.raises(psycopg2.Error) as refusal:
        _run(grafana, "DELETE FROM monitoring.windows")
    assert refusal.value.pgcode in (
        errorcodes.INSUFFICIENT_PRIVILEGE,
        errorcodes.READ_ONLY_SQL_TRANSACTION,
    )


def test_committed_files_are_what_the_code_makes() -> None:
    """GIVEN the repository WHEN the generator runs THEN no committed file is stale or orphaned."""
    assert all(path.read_text("utf-8") == text for path, text in generate.files().items())
    made = {path for path in generate.files() if path.parent.name == "dashboards"}
    assert set((GRAFANA / "dashboards").glob("*.json")) == made


def test_dashboards_hang_together() -> None:
    """GIVEN the committed dashboards WHEN read THEN ids are unique, panels do not overlap, and
    every data source is the provisioned one."""
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/postgres.yaml").read_text())
    (provisioned,) = source["datasources"]
    assert (provisioned["uid"], provisioned["type"]) == (DATASOURCE_UID, DATASOURCE_TYPE)
    assert provisioned["user"] == "grafana_ro"
    for path in (GRAFANA / "dashboards").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        board = json.loads(text)
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken
            taken |= cells
        references = re.findall(r'"uid": "([^"]+)"', text)
        assert set(references) == {DATASOURCE_UID, board["uid"]}


def test_alert_rules_and_providers_are_readable_provisioning() -> None:
    """GIVEN the provisioning files WHEN read THEN rules refer to the data source and to each other."""
    rules = json.loads((GRAFANA / "provisioning/alerting/rules.json").read_text())
    for rule in rules["groups"][0]["rules"]:
        query, threshold = rule["data"]
        assert query["datasourceUid"] == DATASOURCE_UID
        assert threshold["model"]["expression"] == query["refId"]
        assert rule["condition"] == threshold["refId"]
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/dashboards.yaml").read_text())
    assert provider["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
