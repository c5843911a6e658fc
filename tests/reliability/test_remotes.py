"""What was pushed can be pulled in a fresh clone, which then trains nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.workspace import Workspace
from tests.reliability import small
from tests.reliability.ledger import Promised
from tests.reliability.remotes import BUCKET, KEY, KINDS, SECRET, Remote
from tests.reliability.trackers import free_port

pytestmark = pytest.mark.long
NAME = "王小红"
TRIED = "experiments.names_baselines.variants.logistic.model.settings.strength=0.5"


class Clone(Workspace):
    """A fresh clone of the git repository that all share, with an empty cache of its own."""

    def __init__(self, shared: Path, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("clone", "--quiet", str(shared), ".")

    def data(self) -> set[str]:
        """Return the folders of data that are here."""
        return {path.name for path in (self.folder / "data").glob("*")}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The git repository that all share."""
    return tmp_path_factory.mktemp("shared") / "project.git"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Workspace:
    """A project that is reproduced, committed and shared; an experiment was tried after that."""
    made = small.make(tmp_path_factory.mktemp("origin") / "project")
    assert made.recurrent("repro").returncode == 0
    made.commit("reproduced")
    made.git("clone", "--quiet", "--bare", ".", str(shared))
    made.git("remote", "add", "origin", str(shared))
    tried = made.run("dvc", "exp", "run", "-n", "stronger", "-S", TRIED, "evaluate@names_baselines")
    assert tried.returncode == 0, tried.stderr
    made.revert()
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
        dvc(workspace, "remote", verb, "--local", *words)


def dvc(workspace: Workspace, *arguments: str) -> str:
    """Run a command of DVC that succeeds; return what it prints."""
    done = workspace.run("dvc", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_fresh_clone_predicts_and_retrains_nothing(
    origin: Workspace, shared: Path, remote: Remote, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "A fresh clone pulls what was pushed, predicts, and trains nothing; no credential is in "
        "git",
        f"push and pull by {remote.name}",
    )
    add(origin, remote)
    dvc(origin, "push", "--run-cache")
    dvc(origin, "exp", "push", "origin", "stronger")
    assert origin.git("status", "--porcelain") == ""
    if remote.secret:
        assert origin.run("git", "grep", "-q", remote.secret, "HEAD").returncode == 1

    clone = Clone(shared, tmp_path / "clone")
    add(clone, remote)
    dvc(clone, "pull", "champions")
    assert clone.data() == {"champions"}
    answer = clone.recurrent("predict", "names-to-sex", NAME)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == origin.recurrent("predict", "names-to-sex", NAME).stdout

    dvc(clone, "pull", "--run-cache")
    assert clone.repro() == []
    dvc(clone, "exp", "pull", "origin", "stronger")
    dvc(clone, "exp", "apply", "stronger")
    assert clone.repro("evaluate@names_baselines") == []
    clone.revert()
    (clone.folder / "dvc.lock").unlink()  # then DVC knows only what the run cache knows
    ran = clone.repro("evaluate@names_baselines")
    assert not [stage for stage in ran if stage.startswith("train")], ran
    kept.injected = 1


def unreachable(kind: str, place: Path) -> Remote:
    """Return a remote that does not answer, or refuses us."""
    port = free_port()
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    return {
        "folder": Remote("folder", "/proc/nowhere/storage"),
        "ssh": Remote("SSH", f"ssh://127.0.0.1:{port}{place}"),
        "s3": Remote("S3", f"s3://{BUCKET}", {"endpointurl": f"http://127.0.0.1:{port}", **keys}),
    }[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_remote_that_cannot_be_reached_is_one_paragraph(
    origin: Workspace, shared: Path, kind: str, tmp_path: Path, promise: Promised
) -> None:
    kept = promise("A remote that cannot be reached is one paragraph", f"{kind}, unreachable")
    clone = Clone(shared, tmp_path / "clone")
    for verb, workspace in (("push", origin), ("pull", clone)):
        add(workspace, unreachable(kind, tmp_path))
        done = workspace.run("dvc", verb, "champions")
        kept.injected += 1
        assert done.returncode != 0
        assert "ERROR" in done.stderr and "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) < 10, done.stderr
