"""List known vulnerabilities of the packages that requirements.txt pins.

`python -m scripts.audit` installs pip-audit into a temporary environment and needs the network. It
exits with 1 if a vulnerability is known.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

AUDIT = ("-r", "requirements.txt", "--disable-pip", "--no-deps", "--progress-spinner", "off")


def main() -> None:
    """Audit the packages and print the findings."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "pip-audit"], check=True)
        done = subprocess.run(
            [python, "-m", "pip_audit", "--format", "json", *AUDIT],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if not done.stdout:
        sys.exit("audit: no vulnerability database could be reached; nothing was audited")
    text, known = summary(json.loads(done.stdout))
    print(text)
    sys.exit(int(known > 0))


def summary(report: dict[str, Any]) -> tuple[str, int]:
    """Return a line for each vulnerability that pip-audit found, and their number.

    A package that pip-audit could not look up does not count as audited.
    """
    packages = report["dependencies"]
    audited = [package for package in packages if "skip_reason" not in package]
    lines = [
        f"{package['name']} {package['version']}: {known['id']}, fixed in "
        f"{', '.join(known['fix_versions']) or 'no version yet'}"
        for package in audited
        for known in package["vulns"]
    ]
    head = f"audit: {len(audited)} of {len(packages)} packages, {len(lines)} known vulnerabilities"
    return "\n".join([head, *lines]), len(lines)


if __name__ == "__main__":
    main()
