"""What was pushed can be pulled in a fresh clone, which then trains nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.workspace import Workspace
from tests.reliability import small
from tests.reliability.ledger import Promised
from tests.reliability.remotes import BUCKET, KEY, KINDS, SECRET, Remote
from tests.reliability.trackers import free_port

pytestmark = pytest.mark.long
NAME = "王小红"
TRIED = "experiments.names_baselines.variants.logistic.model.settings.strength"


class Clone(Workspace):
    """A fresh clone of a workspace, with an empty cache of its own."""

    def __init__(self, origin: Workspace, folder: Path) -> None:
        self.folder = folder
        origin.git("clone", "--quiet", ".", str(folder))

    def data(self) -> set[str]:
        """Return the folders of data that are here."""
        return {path.name for path in (self.folder / "data").glob("*")}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project that is reproduced and committed; another setting was tried before."""
    made = small.make(tmp_path_factory.mktemp("origin") / "project")
    tried = made.run("dvc", "exp", "run", "--set-param", f"{TRIED}=0.5")
    assert tried.returncode == 0, tried.stderr
    made.git("checkout", "--", "params.yaml")
    assert made.recurrent("repro").returncode == 0
    made.commit("reproduced")
    return made


@pytest.fixture(params=KINDS)
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    with KINDS[request.param](tmp_path) as running:
        yield running


def add(workspace: Workspace, remote: Remote) -> None:
    """Add the remote to a clone: nothing of it goes to git."""
    workspace.run("dvc", "remote", "remove", "--local", "storage")
    settings = [["modify", "storage", key, value] for key, value in remote.settings.items()]
    for verb, *words in (["add", "-d", "storage", remote.url], *settings):
        done = workspace.run("dvc", "remote", verb, "--local", *words)
        assert done.returncode == 0, done.stderr


def test_a_fresh_clone_predicts_and_retrains_nothing(
    origin: Workspace, remote: Remote, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "What was pushed is pulled by a fresh clone, which predicts and reproduces without "
        "training; no credential is in git",
        f"push and pull: {remote.url.partition(':')[0].strip('/').partition('/')[0]}",
    )
    add(origin, remote)
    done = origin.run("dvc", "push", "--run-cache")
    assert done.returncode == 0, done.stderr
    assert origin.git("status", "--porcelain") == ""
    if remote.secret:
        assert origin.run("git", "grep", "-q", remote.secret).returncode == 1

    clone = Clone(origin, tmp_path / "clone")
    add(clone, remote)
    done = clone.run("dvc", "pull", "champions")
    assert done.returncode == 0, done.stderr
    assert clone.data() == {"champions"}
    answer = clone.recurrent("predict", "names-to-sex", NAME)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == origin.recurrent("predict", "names-to-sex", NAME).stdout

    done = clone.run("dvc", "pull", "--run-cache")
    assert done.returncode == 0, done.stderr
    assert clone.repro() == []
    clone.edit(try_another)  # as somebody did who pushed
    done = clone.run("dvc", "repro", "--pull", "evaluate@names_baselines")
    assert done.returncode == 0 and "Running stage" not in done.stdout, done.stdout
    assert "is cached" in done.stdout
    kept.injected = 1


def try_another(values: Any) -> None:
    *parents, last = TRIED.split(".")
    for key in parents:
        values = values[key]
    values[last] = 0.5


def unreachable(kind: str, place: Path) -> Remote:
    """Return a remote that does not answer, or not to us."""
    port = free_port()
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    return {
        "folder": Remote("/proc/nowhere/storage"),
        "ssh": Remote(f"ssh://127.0.0.1:{port}{place}"),
        "s3": Remote(f"s3://{BUCKET}", {"endpointurl": f"http://127.0.0.1:{port}", **keys}),
    }[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_remote_that_cannot_be_reached_is_one_paragraph(
    origin: Workspace, kind: str, tmp_path: Path, promise: Promised
) -> None:
    kept = promise("A remote that cannot be reached is one paragraph", f"{kind}, unreachable")
    add(origin, unreachable(kind, tmp_path))
    for command in ("push", "pull"):
        clone = origin
        done = clone.run("dvc", command, "champions")
        print(done.stdout, done.stderr)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr and "ERROR" in done.stderr
    kept.injected = 1
