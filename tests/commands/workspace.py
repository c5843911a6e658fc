"""A small project under git and DVC, with the real parameters and stages that take no time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recurrent.common import files
from tests.project import Project

DVC_YAML = """\
stages:
  report:
    cmd: python -m stages.report
    params: [source]
    deps: [stages/report.py]
    outs:
      - data/models
      - metrics/report.html: {cache: false}
      - metrics/curves: {cache: false}
"""
REPORT = """\
from pathlib import Path

for name in ("data/models/a/spec.json", "metrics/report.html", "metrics/curves/names.csv"):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(Path("params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
"""
# `python -m recurrent repro` in the clone.
REPRO = "import subprocess, sys\nsys.exit(subprocess.run(['dvc', 'repro', '--quiet']).returncode)\n"
CONTENT = {
    ".gitignore": "/data/\n/.corpora/\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    ".dvc/config": "[core]\n    analytics = false\n",
    "dvc.yaml": DVC_YAML,
    "recurrent/common/__init__.py": "",
    "recurrent/__main__.py": REPRO,
    "stages/report.py": REPORT,
    "stages/clean.py": "old\n",
    "metrics/by_hand.md": "by nobody's stage\n",
}


class Workspace:
    """The project's folder, which is entered."""

    def __init__(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project, self.folder = project, project.folder
        bins = Path(sys.executable).parent
        monkeypatch.setenv("PATH", f"{bins}{os.pathsep}{os.environ['PATH']}")
        for name in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{name}_NAME", "Ann Other")
            monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@localhost")
        for path, text in CONTENT.items():
            self.write(path, text)
        self.git("init", "--quiet")
        self.commit()

    def write(self, path: str, text: str) -> None:
        files.write_text(self.folder / path, text)

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a commit")
