"""Mage's API, whose errors come as HTTP 200."""

import pytest

from monitoring.actions.mage_api import Mage, Trigger
from monitoring.errors import DeliveryError
from tests.monitoring.support.mage import serve


def test_a_run_is_started_found_and_asked_after() -> None:
    """GIVEN a trigger by name WHEN a run is started THEN it is found by its request and has a state."""
    with serve() as stand_in:
        mage = Mage(stand_in.url + "/", "")
        trigger = mage.trigger("retraining", "retraining_api")
        assert trigger == Trigger(12, "secret")
        assert mage.find_run(trigger, "request") is None
        run = mage.start(trigger, {"request_id": "request"})
        assert mage.find_run(trigger, "request") == run
        assert mage.status(run) == "running"


def test_refusals_are_told_in_mages_words() -> None:
    """GIVEN a trigger that is not there, or an error with HTTP 200 WHEN asked THEN DeliveryError."""
    with serve() as stand_in:
        mage = Mage(stand_in.url, "")
        with pytest.raises(DeliveryError, match="no trigger 'x'; it has: nightly, retraining_api"):
            mage.trigger("retraining", "x")
        stand_in.refuse = "quota exceeded"
        with pytest.raises(DeliveryError, match="Mage refused pipeline_runs: quota exceeded"):
            mage.status(1)
    with pytest.raises(DeliveryError, match="cannot be asked"):
        mage.status(1)


def test_monitoring_signs_in_with_its_secret_and_nothing_else() -> None:
    """GIVEN a Mage that asks who one is WHEN a run is started THEN by the secret, in no address."""
    with serve() as stand_in:
        stand_in.password = "a-secret-of-monitoring"
        mage = Mage(stand_in.url, stand_in.password)
        trigger = mage.trigger("retraining", "retraining_api")
        assert trigger.token == stand_in.password
        assert mage.status(mage.start(trigger, {"request_id": "request"})) == "running"
        assert len(stand_in.sessions) == 1
        assert not any(stand_in.password in path for path in stand_in.asked)
        stand_in.sessions.clear()
        assert mage.find_run(trigger, "request") is not None, "the session had ended"
        stand_in.password = "another"
        with pytest.raises(DeliveryError, match="Invalid token"):
            mage.start(trigger, {})
        with pytest.raises(DeliveryError, match="password invalid"):
            Mage(stand_in.url, "a-secret-of-monitoring").status(70)
