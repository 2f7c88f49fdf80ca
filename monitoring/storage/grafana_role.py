"""The password of the dashboards' role, set where it is deployed and nowhere else."""

from __future__ import annotations

import os

from psycopg2.extensions import connection as Connection

from monitoring.storage import database

ROLE = "grafana_ro"


def set_password(connection: Connection) -> bool:
    """Give grafana_ro the password in GRAFANA_RO_PASSWORD, if set; return whether it was."""
    password = os.environ.get("GRAFANA_RO_PASSWORD", "")
    if not password:
        return False
    with database.transaction(connection) as cursor:
        cursor.execute(f"ALTER ROLE {ROLE} PASSWORD %s", (password,))
    return True
