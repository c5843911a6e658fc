"""Part 1: the tests that need CUDA."""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.gpu.options import Found, Options, seconds_left
from tests.project import ROOT

MARKS = ("needs_cuda", "pytest.mark.cuda")
COUNTS = ("tests", "failures", "errors", "skipped")
LINES = 5  # of the output, if there is no report


def files() -> list[Path]:
    """Return the test files that need CUDA; others may import what this machine lacks."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [path for path in found if any(mark in path.read_text("utf-8") for mark in MARKS)]


def measure(options: Options, deadline: float) -> Found:
    """Run the tests that need CUDA; return how many passed and the names of the others."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "cuda", "-p", "no:cacheprovider"]
        command += [f"--junitxml={report}", *map(str, files())]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                timeout=seconds_left(deadline),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        except subprocess.TimeoutExpired as late:
            return {"rows": [], "notes": [f"The tests were stopped after {late.timeout:.0f} s."]}
        if not report.exists():
            end = " ".join(done.stdout.split("\n")[-LINES:]).strip()
            return {"rows": [], "notes": [f"The tests did not start: {end}"]}
        return read(report)


def read(report: Path) -> Found:
    """Return the counts of a JUnit report, and the tests that failed."""
    suite = next(ElementTree.parse(report).iter("testsuite"))
    tests, failures, errors, skipped = (int(suite.get(name, 0)) for name in COUNTS)
    row = {
        "passed": tests - failures - errors - skipped,
        "failed": failures + errors,
        "skipped": skipped,
        "seconds": float(suite.get("time", 0)),
    }
    failed = [
        f"Failed: {case.get('classname')}.{case.get('name')}"
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return {"rows": [row], "notes": failed}
