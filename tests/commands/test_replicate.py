"""Replicate: which corpora it uses, what it leaves out, and that the workspace stays as it is."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from recurrent.commands import clone, replicate
from recurrent.commands.replicate import DOWNLOADS, Obtained
from recurrent.common import config, files, paths
from recurrent.common.config import Download
from recurrent.common.errors import PipelineError
from recurrent.data.fetch import MIRROR_VARIABLE
from tests.commands.workspace import Workspace
from tests.project import Project, sha256

NAMES = "dict,sex\n" + "".join(
    f"{a}{b},{'男女'[i % 2]}\n" for i, a in enumerate("王李张刘") for b in "明芳伟丽强静"
)
DIGEST = sha256(NAMES.encode())
NOWHERE = "http://127.0.0.1:9"  # no server listens there


@pytest.fixture
def mirror(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty mirror, and corpora whose upstream is unreachable."""
    monkeypatch.setattr("recurrent.data.fetch.RETRIES", 0)
    folder = project.folder / ".dvc/mirror"
    folder.mkdir(parents=True)
    monkeypatch.setenv(MIRROR_VARIABLE, str(folder))
    project.edit(
        {
            "corpora.names.upstream": {"url": f"{NOWHERE}/upstream.txt", "sha256": DIGEST},
            "corpora.names.stand_in": {"url": "standin.txt", "sha256": DIGEST},
            "corpora.prose.upstream.url": f"{NOWHERE}/prose.txt",
            "corpora.lyrics.upstream.url": f"{NOWHERE}/lyrics.zip",
        }
    )
    return folder


def obtained(key: str = "names") -> Obtained:
    found = Obtained()
    replicate.obtain(key, config.load().corpora[key], found)
    return found


def test_a_corpus_that_is_available_needs_no_change(mirror: Path) -> None:
    (mirror / "upstream.txt").write_text(NAMES, encoding="utf-8")
    assert obtained() == Obtained()
    (mirror / "upstream.txt").unlink()
    assert obtained() == Obtained(), "the shelf has it now"


def test_a_stand_in_replaces_an_unavailable_corpus(
    mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mirror / "standin.txt").write_text(NAMES, encoding="utf-8")
    assert obtained().own == {"names": Download(url="standin.txt", sha256=DIGEST)}
    assert "warning: corpus names: " in capsys.readouterr().err


def test_a_file_that_differs_from_its_hash_is_replaced_by_the_stand_in_or_an_error(
    mirror: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (mirror / "upstream.txt").write_text("damaged", encoding="utf-8")
    (mirror / "standin.txt").write_text(NAMES, encoding="utf-8")
    assert obtained().own == {"names": Download(url="standin.txt", sha256=DIGEST)}
    assert "differs from the one that" in capsys.readouterr().err
    project.edit({"corpora.names.stand_in": None})
    with pytest.raises(PipelineError, match="differs from the one that"):
        obtained()


def test_a_corpus_without_any_source_is_missing(
    mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert obtained("sales").missing == {"sales"}
    assert "cannot be redistributed" in capsys.readouterr().err


def test_an_own_file_of_params_yaml_is_found_from_the_clone(mirror: Path, project: Project) -> None:
    project.edit({"corpora.names.own": {"url": "mine.txt", "sha256": DIGEST}})
    with pytest.raises(PipelineError, match=r"mine\.txt"):
        obtained()
    mine = project.file("mine.txt", NAMES.encode())
    assert obtained().own["names"].url == str(mine)
    mine.rename(mirror / "mine.txt")
    assert obtained() == Obtained()
    assert (DOWNLOADS / "mine.txt").exists()


def test_an_own_file_of_the_command_line_is_checked(mirror: Path, project: Project) -> None:
    settings = config.load()
    mine = project.file("mine.txt", NAMES.encode())
    own = replicate.own_files(settings, {"names": Path("mine.txt")})
    assert own == {"names": Download(url=str(mine), sha256=DIGEST)}
    project.file("mine.txt", b"\xff\xfe")
    for key, path in (("names", "mine.txt"), ("names", "nowhere"), ("nams", "mine.txt")):
        with pytest.raises(PipelineError):
            replicate.own_files(settings, {key: Path(path)})


def values(file: str = "params.yaml") -> Any:
    return config.read_yaml(Path(file))


def test_the_overlay_is_merged_and_the_result_is_valid(project: Project) -> None:
    overlay = {
        "runtime": {"reproducible": "fast"},
        "datasets": {"sales": {"settings": {"sampled": 7, "new": 1}}},
        "experiments": {
            "names_gated": {
                "seeds": [5],
                "training": {"clip_norm": 1.0},
                "variants": {"gru": {"samples": None}},
            }
        },
    }
    files.write_json(Path("params.upstream.yaml"), overlay)
    before = values()
    replicate.change_params(Path(), config.load(), Obtained(), replicate.overlay())
    after = values()
    assert after["source"] == "upstream"
    assert after["runtime"] == {**before["runtime"], "reproducible": "fast"}
    assert after["datasets"]["sales"]["settings"]["sampled"] == 7
    gated = after["experiments"]["names_gated"]
    assert gated["training"]["epochs"] == before["experiments"]["names_gated"]["training"]["epochs"]
    assert (gated["seeds"], gated["training"]["clip_norm"]) == ([5], 1.0)
    assert config.load().find("names_gated/gru").seeds == (5,)


@pytest.mark.parametrize(
    ("overlay", "says"),
    [
        (["experiments"], r".*valid dictionary.*\['experiments'\]"),
        (5, ".*valid dictionary.* got 5"),
        ({"experiments": ["a"]}, r"experiments: .*valid dictionary, got \['a'\]"),
        ({"experiments": {"lyrics_gru": 5}}, r"experiments\.lyrics_gru: .*dictionary"),
        ({"experiments": {"lyrics_gru": None}}, r"experiments\.lyrics_gru: .*dictionary"),
        (
            {"experiments": {"lyrics_gru": {"variants": ["a"]}}},
            r"experiments\.lyrics_gru\.variants: .*dictionary",
        ),
        ({"datasets": ["a"]}, "datasets: .*dictionary"),
        ({"datasets": {5: {}}}, r"datasets\.5 is not in params\.yaml"),
        (
            {"experiments": {"lyrics_gru": {"training": {"epoch": 1}}}},
            r"experiments\.lyrics_gru\.training\.epoch: unknown key",
        ),
        ({"runtime": {"threads": 0}}, r"runtime\.threads: .*got 0"),
        ({"experiments": {"names_gate": {}}}, r"experiments\.names_gate is not .*names_gated\?"),
        (
            {"experiments": {"names_gated": {"variants": {"grue": {}}}}},
            r"experiments\.names_gated\.variants\.grue is not .*gru\?",
        ),
        ({"datasets": {"nowhere": {}}}, r"datasets\.nowhere is not in params\.yaml"),
    ],
)
def test_a_wrong_overlay_is_refused_by_its_key(project: Project, overlay: Any, says: str) -> None:
    with Path("params.upstream.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(overlay, file)
    with pytest.raises(PipelineError, match=rf"^params\.upstream\.yaml: {says}"):
        replicate.overlay()


def test_an_empty_or_missing_overlay_changes_nothing(project: Project) -> None:
    for content in ("# nothing\n", "{}\n"):
        files.write_text(Path("params.upstream.yaml"), content)
        assert replicate.overlay() == {}
    Path("params.upstream.yaml").unlink()
    assert replicate.overlay() == {}


@pytest.mark.parametrize("file", ["params.upstream.yaml", "beyond/params.yaml"])
def test_mistakes_are_reported_before_anything_is_downloaded(
    mirror: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr(replicate, "obtain", None)
    workspace.write(file, "experiments: {names_gated: {trainig: {}}}\n")
    with pytest.raises(PipelineError, match=rf"^{file}: experiments\.names_gated"):
        replicate.main()


def test_the_projects_own_overlay_is_valid(project: Project) -> None:
    replicate.change_params(Path(), config.load(), Obtained(), replicate.overlay())
    assert config.load().source == "upstream"
    config.load("beyond")


@pytest.mark.parametrize("corpus", ["names", "prose", "lyrics", "sales"])
def test_a_missing_corpus_is_left_out_with_all_that_needs_it(project: Project, corpus: str) -> None:
    before = config.load()
    datasets = {name for name, one in before.datasets.items() if one.corpus == corpus}
    replicate.change_params(Path(), before, Obtained(missing={corpus}), replicate.overlay())
    after = config.load()
    assert after.corpora.keys() == before.corpora.keys() - {corpus}
    assert after.datasets.keys() == before.datasets.keys() - datasets
    left = {name for name, one in before.experiments.items() if name not in after.experiments}
    assert left and all(
        before.encoding(before.experiments[name].dataset).corpus == corpus for name in left
    )
    assert after.examined.gradient_flow == tuple(
        name for name in before.examined.gradient_flow if name.split("/")[0] not in left
    )
    config.load("beyond")


def test_it_runs_in_a_clone_and_leaves_the_workspace_as_it_is(
    mirror: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = workspace.folder / "data/mine.txt"
    files.write_text(mine, NAMES)
    workspace.write("metrics/report.html", "of the bundled corpora")
    workspace.commit()
    replicate.main(None, {"names": mine})
    said = capsys.readouterr().err
    assert "corpus prose is left out" in said and "corpus sales is left out" in said
    status = workspace.git("status", "--porcelain", "--untracked-files=all").splitlines()
    assert status == [
        f"?? metrics/upstream/{name}"
        for name in ("curves/names.csv", "replicated.json", "report.html")
    ]
    about = files.read_json(paths.REPLICATED)
    assert about["date"] == date.today().isoformat()
    assert about["commit"] == workspace.git("rev-parse", "--short", "HEAD").strip()
    used = values("metrics/upstream/report.html")  # the toy's report is its parameters
    assert used["source"] == "upstream"
    assert used["corpora"]["names"]["own"] == {"url": str(mine), "sha256": DIGEST}
    assert used["corpora"].keys() == {"names"}
    assert clone.run("dvc", "exp", "list", "--name-only").split() == ["upstream"]
    workspace.git("update-ref", f"refs/exps/00/{'1' * 38}/upstream", "HEAD")  # of another commit
    replicate.main(None, {"names": mine})
    refs = workspace.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/upstream").split()
    assert len(refs) == 1 and "/00/" not in refs[0]
    clone.run("dvc", "exp", "apply", "upstream")
    assert values() == used
    assert (workspace.folder / "data/models/a/spec.json").exists()
    assert Path("metrics/by_hand.md").read_text() == "by nobody's stage\n"
    assert values("metrics/report.html") == values("metrics/upstream/report.html")


def test_results_are_stamped_with_the_commit_of_their_code(workspace: Workspace) -> None:
    commit = workspace.git("rev-parse", "--short", "HEAD").strip()
    assert replicate.describe_commit() == {"commit": commit}
    workspace.write("metrics/report.html", "results are no code")
    assert replicate.describe_commit() == {"commit": commit}
    workspace.write("recurrent/new.py", "")
    assert replicate.describe_commit() == {"commit": f"{commit} with uncommitted changes"}


def test_a_pipeline_that_fails_takes_nothing_over(mirror: Path, workspace: Workspace) -> None:
    (mirror / "standin.txt").write_text(NAMES, encoding="utf-8")
    workspace.write("recurrent/__main__.py", "raise SystemExit(3)")
    with pytest.raises(PipelineError, match="the pipeline did not finish"):
        replicate.main()
    assert not replicate.TARGET.exists()


def test_without_any_corpus_nothing_is_run(mirror: Path, workspace: Workspace) -> None:
    with pytest.raises(PipelineError, match="every corpus is unavailable"):
        replicate.main()


def test_a_folder_without_git_is_refused(project: Project) -> None:
    with pytest.raises(PipelineError, match="needs a git clone"):
        replicate.main()
