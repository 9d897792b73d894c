"""Counts what the tests of this folder do, by their recorded properties; with STRESS_RECORD=1, as
`make stress` sets it, the counts of a run that passed become the record that RESULTS.md shows.
"""

import os
from collections import Counter

from benchmarks.harness import write_json
from course_utils.results import RECORDED_DIR
from tests.faults.mended import MENDED

COUNTED: Counter = Counter()


def pytest_runtest_logreport(report):
    if report.when == "teardown":  # the last report of a test has all that it recorded
        COUNTED.update({"tests": 1})
        COUNTED.update(dict(report.user_properties))


def pytest_sessionfinish(session, exitstatus):
    is_worker = hasattr(session.config, "workerinput")
    if "STRESS_RECORD" in os.environ and exitstatus == 0 and not is_worker:
        write_json(RECORDED_DIR / "faults.json", {**COUNTED, "mended": list(MENDED)})
