"""`make repro`: rebuild what changed, tell MLflow, show the result. Not a stage: it runs them."""

import subprocess
import sys
from pathlib import Path

from stages import prune, publish, summary
from stages.common import cli
from stages.common.alone import alone

LOCK = Path(".dvc/tmp/repro.lock")  # DVC's own locks guard one stage at a time


def main() -> None:
    """Run `dvc repro` and what belongs before and after it."""
    with alone("make repro", LOCK):
        prune.main()
        if code := subprocess.run(["dvc", "repro"], check=False).returncode:
            sys.exit(code)  # DVC has said what stopped it
        publish.main(after_repro=True)
        summary.main()


if __name__ == "__main__":
    cli.run(main)
