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
