"""The end of `make run`: what was seen, and whether it was right."""

from localcloud.demo.cohort import Event
from localcloud.demo.summary import BURST, PACED, Findings
from localcloud.demo.tally import Tally
from tests.localcloud.support.answers import answer


def test_summary_reports_a_missing_answer_as_failure():
    tally = Tally()
    for number, phase in enumerate((PACED, BURST, BURST)):
        tally.put(f"p{number}", Event(b"", "k", truth=2), 1.0, phase)
    tally.read(answer("p0"), 1.1)
    tally.read(answer("p1"), 1.2)
    findings = Findings({"version": "1", "candidate": "gaussian", "metrics": {}}, tally)
    assert findings.problems == ["1 of 3 inputs have no answer"]
    assert ("one answer each", "2 of 3 inputs (0 repeats dropped)") in findings.rows()


def test_summary_names_the_final_champion_and_the_data():
    """A model that is unchanged is called by its old version; a swap names the new one."""
    tally = Tally()
    for number, phase in enumerate((PACED, BURST)):
        tally.put(f"p{number}", Event(b"", "k", truth=2), 1.0, phase)
        tally.read(answer(f"p{number}"), 1.1)
    first = {"version": "1", "candidate": "gaussian", "metrics": {}, "data": "simulator"}
    rows = dict(Findings(first, tally, final=first).rows())
    assert rows["champion at the end"] == "version 1 still"
    assert rows["data"].startswith("simulated students")
    swapped = Findings(first, tally, final={"version": "2", "candidate": "recent"})
    assert dict(swapped.rows())["champion at the end"] == "version 2: recent"
