"""The mapping's state machine against any mix of records, arrivals, interleavings and crashes."""

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from localcloud.configuration import load
from localcloud.lambda_host.__main__ import settings_of
from localcloud.lambda_host.shard import RETRIES_EXHAUSTED, Outcome, Settings, Shard
from tests.localcloud.support.simulation import NOW, Driver, Script, model, record

KINDS = ("good", "good", "good", "poison", "reported", "malformed", "flaky", "throttled")
kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=24)
mappings = st.builds(
    Settings,
    batch_size=st.integers(1, 8),
    bisect=st.booleans(),
    maximum_retries=st.integers(0, 3),
    window=st.sampled_from([0.0, 5.0]),
)


@given(kinds, mappings)
@hypothesis_settings(max_examples=300, deadline=None)
def test_invocations_and_discards_are_what_aws_documents(behaviours, settings):
    """GIVEN one lane and records read at once WHEN it runs THEN every invocation and discard is the
    model's.
    """
    records = [record(number) for number in range(len(behaviours))]
    expected = model(records, settings, Script(behaviours))
    driver = Driver(Shard(settings), settings, Script(behaviours), lambda _: 0)
    driver.add(records)
    driver.shard.close()
    while driver.step():
        pass
    assert driver.run.invocations == expected.invocations
    assert driver.run.done == expected.done
    assert driver.run.discarded == expected.discarded
    assert {discard.condition for discard in driver.run.discards} <= {"RetryAttemptsExhausted"}
    assert driver.shard.finished


@given(kinds, mappings, st.integers(1, 4), st.integers(1, 5), st.data())
@hypothesis_settings(max_examples=300, deadline=None)
def test_nothing_is_lost_in_any_interleaving(behaviours, settings, lanes, keys, data):
    """GIVEN lanes, keys, trickling arrivals WHEN batches end in any order THEN each record is done
    or reported.

    The driver asserts along the way: at most `lanes` batches at once, never one key in two of them,
    order within a key, the checkpoint never past an open record.
    """
    settings = Settings(**{**vars(settings), "parallelization": lanes})
    records = [record(n, f"key-{n % keys}") for n in range(len(behaviours))]
    driver = Driver(
        Shard(settings),
        settings,
        Script(behaviours),
        lambda count: data.draw(st.integers(0, count - 1)),
        key_of=lambda n: f"key-{n % keys}",
    )
    while records:
        count = data.draw(st.integers(1, len(records)))
        driver.add(records[:count])
        del records[:count]
        for _ in range(data.draw(st.integers(0, 5))):
            driver.step()
    driver.shard.close()
    while driver.step():
        pass
    everything = set(range(len(behaviours)))
    assert driver.run.done | driver.run.discarded == everything
    assert not driver.run.done & driver.run.discarded
    assert (
        driver.shard.finished
        and driver.shard.checkpoint == record(len(behaviours) - 1).sequence_number
    )


@given(kinds, mappings, st.integers(1, 3), st.lists(st.integers(0, 12), max_size=4), st.data())
@hypothesis_settings(max_examples=200, deadline=None)
def test_a_crash_anywhere_repeats_but_never_loses(behaviours, settings, lanes, crashes, data):
    """GIVEN crashes after any number of steps WHEN it goes on from the checkpoint THEN nothing is
    lost.
    """
    settings = Settings(**{**vars(settings), "parallelization": lanes})
    records = [record(n, f"key-{n % 3}") for n in range(len(behaviours))]
    function = Script(behaviours)
    done, discarded, checkpoint = set(), set(), None
    for steps in [*crashes, None]:
        driver = Driver(
            Shard(settings, checkpoint),
            settings,
            function,
            lambda count: data.draw(st.integers(0, count - 1)),
            key_of=lambda n: f"key-{n % 3}",
        )
        driver.add([r for r in records if checkpoint is None or r.sequence_number > checkpoint])
        driver.shard.close()
        while (steps is None or steps > 0) and driver.step():
            steps = None if steps is None else steps - 1
        assert checkpoint is None or driver.shard.checkpoint >= checkpoint
        checkpoint = driver.shard.checkpoint
        done |= driver.run.done
        discarded |= driver.run.discarded
    assert done | discarded == set(range(len(behaviours)))


@hypothesis_settings(deadline=None)
@given(st.lists(st.sampled_from(["good", "poison"]), min_size=1, max_size=40), st.integers(1, 40))
def test_bisecting_isolates_poison(behaviours, batch_size):
    """GIVEN poison anywhere WHEN batches are bisected THEN exactly the poison is discarded, each by
    itself.
    """
    settings = Settings(batch_size=batch_size, bisect=True, maximum_retries=1)
    driver = Driver(Shard(settings), settings, Script(behaviours), lambda _: 0)
    driver.add([record(number) for number in range(len(behaviours))])
    while driver.step():
        pass
    assert driver.run.discarded == {n for n, kind in enumerate(behaviours) if kind == "poison"}
    assert all(len(discard.records) == 1 for discard in driver.run.discards)


@hypothesis_settings(deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=20), st.integers(0, 60))
def test_records_past_their_age_are_discarded_and_never_sent(ages, limit):
    """GIVEN records of any age WHEN a maximum age is set THEN exactly the older ones are discarded
    unsent.
    """
    settings = Settings(batch_size=7, maximum_age=float(limit))
    driver = Driver(Shard(settings), settings, Script(["good"] * len(ages)), lambda _: 0)
    driver.add([record(n, arrived_at=driver.now - age) for n, age in enumerate(ages)])
    while driver.step():
        pass
    old = {n for n, age in enumerate(ages) if age > limit}
    assert driver.run.discarded == old
    assert driver.run.done == set(range(len(ages))) - old
    assert {number for batch in driver.run.invocations for number in batch} == driver.run.done


def test_a_record_that_kills_in_every_sandbox_is_given_up_within_its_retries() -> None:
    """GIVEN the shipped settings and one of 200 records that always kills THEN bisection costs no
    retry, the others are done before the first, and it is given up after 17 minutes at most.
    """
    shard, now, invokes, alone = Shard(settings_of(load())), NOW, 0, 0
    shard.add([record(number, arrived_at=NOW) for number in range(200)], NOW)
    killer, discards = record(123).sequence_number, []
    while not discards:
        (batch,), _ = shard.take(now, now)
        invokes += 1
        dies = killer in batch.sequence_numbers
        alone += dies and len(batch.records) == 1
        if alone == 1:
            assert shard.unfinished <= 200 - 123, "what was before it is done"
        outcome = Outcome(0, error="Unhandled") if dies else Outcome(len(batch.records))
        discards = shard.settle(batch, outcome, now)
        now = max(now, shard.wake_at() or now) if not discards else now
    assert (alone, discards[0].condition) == (101, RETRIES_EXHAUSTED)
    assert invokes <= 101 + 2 * 8
    assert now - NOW <= 17 * 60


def test_a_window_waits_for_a_full_batch() -> None:
    """GIVEN a batching window WHEN few records wait THEN they go at its end, or at once when the
    batch is full.
    """
    shard = Shard(Settings(batch_size=3, window=5))
    shard.add([record(0)], NOW)
    assert shard.take(NOW + 4.9, NOW + 4.9) == ([], [])
    assert shard.wake_at() == NOW + 5
    shard.add([record(1), record(2)], NOW + 4.9)
    assert [len(batch.records) for batch in shard.take(NOW + 4.9, NOW + 4.9)[0]] == [3]


def test_backoff_grows_and_is_bounded() -> None:
    """GIVEN a batch that keeps failing WHEN retried THEN the pauses double up to the longest."""
    settings = Settings(first_backoff=1, longest_backoff=5)
    shard = Shard(settings)
    shard.add([record(0)], NOW)
    now, pauses = NOW, []
    for _ in range(5):
        batch = shard.take(now, now)[0][0]
        assert not shard.settle(batch, Outcome(0, error="Handled"), now)
        wake = shard.wake_at()
        assert wake is not None and shard.take(wake - 0.01, wake - 0.01) == ([], [])
        pauses.append(wake - now)
        now = wake
    assert pauses == [1, 2, 4, 5, 5]


def test_a_discard_names_the_last_invocation() -> None:
    """GIVEN a batch that fails, is bisected and fails again WHEN given up, for its retries or its
    age THEN each half names its own last request; one never invoked names none.
    """
    shard = Shard(Settings(batch_size=2, bisect=True, maximum_retries=0, maximum_age=60))
    shard.add([record(0), record(1), record(2)], NOW)
    whole = shard.take(NOW, NOW)[0][0]
    assert not shard.settle(whole, Outcome(0, error="Handled", request_id="whole"), NOW)
    left = shard.take(NOW, NOW)[0][0]
    given_up = shard.settle(left, Outcome(0, error="Handled", request_id="left"), NOW)
    assert [discard.request_id for discard in given_up] == ["left"]
    old = shard.take(NOW, NOW + 61)[1]
    assert [(discard.invokes, discard.request_id) for discard in old] == [(1, "whole"), (0, "")]


def test_the_time_of_day_moves_no_pause() -> None:
    """GIVEN a clock set back an hour WHEN a window or a pause ends by the steady one THEN the batch
    is taken.
    """
    shard = Shard(Settings(window=5))
    shard.add([record(0)], 100.0)
    batch = shard.take(105.0, NOW - 3600)[0][0]
    assert not shard.settle(batch, Outcome(0, error="Handled"), 105.0)
    wake = shard.wake_at()
    assert wake is not None and wake < 106.0
    assert shard.take(wake, NOW - 7200)[0]


def test_a_record_that_kills_the_function_holds_its_shard_for_minutes() -> None:
    """GIVEN the mapping as the variables file states it WHEN one record of a full batch ends every
    process THEN bisecting leaves it alone, it is given up by its retries long before its age, and
    all the others are answered.
    """
    settings = settings_of(load())
    behaviours = ["good"] * settings.batch_size
    behaviours[7] = "poison"
    driver = Driver(Shard(settings), settings, Script(behaviours), lambda _: 0)
    driver.add([record(number) for number in range(len(behaviours))])
    while driver.step():
        pass
    assert driver.run.discarded == {7}
    assert [discard.condition for discard in driver.run.discards] == [RETRIES_EXHAUSTED]
    assert driver.run.done == set(range(len(behaviours))) - {7}
    assert 600 < driver.now - NOW < 1200
