"""The seeded schedule."""

from localcloud.soak.faults import FAULTS, inside
from localcloud.soak.schedule import plan

NAMES = {name: inside(name) for name in FAULTS}


def test_ten_minutes_meet_every_fault_and_some_inside_of_others() -> None:
    for seed in range(50):
        steps = plan(seed, 600, NAMES)
        assert {step.fault for step in steps} == set(FAULTS)
        assert any(step.inside for step in steps)
        assert all(step.inside in {"", *NAMES[step.fault]} for step in steps)
        assert all(step.at + step.hold < 600 for step in steps)


def test_the_supervisor_revives_whatever_is_killed() -> None:
    """It gives a service up that crashes more than five times in ten minutes."""
    for seed in range(50):
        struck = [step.fault for step in plan(seed, 600, NAMES)]
        assert max(map(struck.count, FAULTS)) <= 5


def test_the_seed_decides() -> None:
    assert plan(3, 600, NAMES) == plan(3, 600, NAMES)
    assert plan(3, 600, NAMES) != plan(4, 600, NAMES)


def test_a_short_run_has_faults_too() -> None:
    steps = plan(1, 60, NAMES)
    assert len(steps) >= 10
    assert [step.at for step in steps] == sorted(step.at for step in steps)
