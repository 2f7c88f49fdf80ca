"""From predictions on the stream to an alarm in the mailbox and its end, on real services."""

from __future__ import annotations

from typing import Any

from monitoring import settings
from monitoring.storage import database, status
from monitoring.worker import once
from tests.monitoring.support import cohort
from tests.monitoring.support.cloud import Cloud

pytest_plugins = ["tests.monitoring.support.services"]


def _status(url: str) -> dict[str, Any]:
    connection = database.connect(url)
    try:
        return status.read(connection)
    finally:
        connection.close()


def test_a_shifted_cohort_raises_one_alarm_and_one_mail(
    cloud: Cloud, environment: dict[str, str]
) -> None:
    """GIVEN 400 usual students and then 400 shifted ones WHEN the worker has caught up
    THEN the usual windows are ok, the shifted ones alarm, and one mail says so."""
    cloud.put_reference("1")
    configured = settings.load(environment)
    cloud.put(cohort.encoded(cohort.predictions(cohort.students(400, 2))))
    cloud.put(cohort.encoded(cohort.rejections(9)))
    once(configured)
    before = _status(configured.database_url)
    assert [w["verdict"] for w in before["windows"]] == ["ok", "ok"]
    assert before["open_incidents"] == 0
    assert not cloud.mails()

    shifted = cohort.students(400, 3, shifted=True)
    cloud.put(cohort.encoded(cohort.predictions(shifted, first_id=1001)))
    once(configured)
    once(configured)
    after = _status(configured.database_url)
    assert [w["verdict"] for w in after["windows"]] == ["ok", "ok", "alarm", "alarm"]
    assert {"Absences", "StudyTimeWeekly"} <= set(after["windows"][2]["drifted"])
    assert len(after["incidents"]) == 1
    assert after["open_incidents"] == 1
    (mail,) = cloud.mails()
    assert mail.sender == "alerts@school.example"
    assert mail.subject == "[ALARM] student-performance: drift in version 1"
    for body in (mail.text, mail.html):
        assert "Absences has drifted" in body
        assert after["windows"][2]["report_key"] in body
