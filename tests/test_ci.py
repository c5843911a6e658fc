"""CI's workflow, its pages and the development container fit the rest of the project."""

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.project import ROOT

YAML_12 = YAML(typ="safe")
WORKFLOW = ROOT / ".github/workflows/ci.yml"
INSTALL = ROOT / ".github/actions/install/action.yml"
DEVCONTAINER = ROOT / ".devcontainer/devcontainer.json"
PAGE = ROOT / ".github/pages/index.html"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = dict(re.findall(r"^([a-z][a-z-]*):(.*)$", MAKEFILE, flags=re.MULTILINE))
JOBS: dict[str, Any] = YAML_12.load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


def made(text: str) -> set[str]:
    """The targets of `make` that a text calls."""
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", text))


@pytest.mark.parametrize("path", [WORKFLOW, INSTALL, DEVCONTAINER, ROOT / ".ci/run"])
def test_every_target_that_is_called_is_in_the_makefile(path: Any) -> None:
    called = made(path.read_text(encoding="utf-8"))
    assert called
    assert called <= TARGETS.keys()


def test_the_workflow_checks_what_make_test_checks() -> None:
    parts = set(TARGETS["test"].partition("#")[0].split())
    assert parts == {"lint", "pytest"}
    assert parts <= made(WORKFLOW.read_text(encoding="utf-8"))


def test_a_job_that_may_write_runs_no_code_of_the_pull_request() -> None:
    assert YAML_12.load(WORKFLOW.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}
    writers = {name: job for name, job in JOBS.items() if "permissions" in job}
    assert {name: job["permissions"] for name, job in writers.items()} == {
        "comment": {"pull-requests": "write"},
        "pages": {"pages": "write", "id-token": "write"},
    }
    for job in writers.values():
        assert not any("checkout" in step.get("uses", "") for step in job["steps"])


def test_nothing_that_somebody_else_can_name_is_pasted_into_a_script() -> None:
    """A branch's or a title's name in `run` would be executed: it belongs in `env`."""
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert not [script for script in scripts if "${{" in script]


def test_every_link_of_the_page_is_a_report_in_git_that_the_workflow_collects() -> None:
    links = re.findall(r'<a href="([^"]+)"', PAGE.read_text(encoding="utf-8"))
    assert "report.html" in links
    [collect] = [step["run"] for step in JOBS["pipeline"]["steps"] if "site" in step.get("run", "")]
    for link in links:
        assert (ROOT / "metrics" / link).exists()
        assert f"metrics/{link}" in collect


def test_the_container_has_our_python_and_the_extensions_and_forwards_mlflow() -> None:
    about = json.loads(DEVCONTAINER.read_text(encoding="utf-8"))
    version = about["image"].rpartition(":")[2]
    assert tuple(map(int, version.split("."))) >= (3, 11)
    assert about["postCreateCommand"] == "make install"
    assert about["forwardPorts"] == [5000]
    assert {"ms-python.python", "charliermarsh.ruff", "iterative.dvc"} <= {
        *about["customizations"]["vscode"]["extensions"]
    }
