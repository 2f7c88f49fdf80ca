"""Mage's API, whose errors come as HTTP 200."""

import pytest

from monitoring.actions.mage_api import Mage, Trigger
from monitoring.errors import DeliveryError
from tests.monitoring.support.mage import serve


def test_a_run_is_started_found_and_asked_after() -> None:
    """GIVEN a trigger by name WHEN a run is started THEN it is found by its request and has a state."""
    with serve() as stand_in:
        mage = Mage(stand_in.url + "/", "own")
        trigger = mage.trigger("retraining", "retraining_api")
        assert trigger == Trigger(12, "secret")
        assert mage.find_run(trigger, "request") is None
        run = mage.start(trigger, {"request_id": "request"})
        assert mage.find_run(trigger, "request") == run
        assert mage.status(run) == "running"


def test_refusals_are_told_in_mages_words() -> None:
    """GIVEN a trigger that is not there, or an error with HTTP 200 WHEN asked THEN DeliveryError."""
    with serve() as stand_in:
        mage = Mage(stand_in.url, "own")
        with pytest.raises(DeliveryError, match="no trigger 'x'; it has: nightly, retraining_api"):
            mage.trigger("retraining", "x")
        stand_in.refuse = "quota exceeded"
        with pytest.raises(DeliveryError, match="Mage refused pipeline_runs: quota exceeded"):
            mage.status(1)
    with pytest.raises(DeliveryError, match="cannot be asked"):
        mage.status(1)
