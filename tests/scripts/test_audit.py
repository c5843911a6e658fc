"""The summary of pip-audit's report."""

from scripts.audit import summary


def test_a_package_that_could_not_be_looked_up_does_not_count_as_audited() -> None:
    packages = [
        {"name": "a", "version": "1", "vulns": []},
        {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1", "3"]}]},
        {"name": "c", "version": "3", "vulns": [{"id": "CVE-2", "fix_versions": []}]},
        {"name": "d", "skip_reason": "not found"},
    ]
    text, known = summary({"dependencies": packages})
    assert known == 2
    assert text.splitlines() == [
        "audit: 3 of 4 packages, 2 known vulnerabilities",
        "b 2: CVE-1, fixed in 2.1, 3",
        "c 3: CVE-2, fixed in no version yet",
    ]
    assert summary({"dependencies": packages[3:]})[1] == 0
