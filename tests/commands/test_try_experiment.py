"""`recurrent try`: the parameter file is edited, or refused and left as it was."""

from pathlib import Path

import pytest

from recurrent.commands import try_experiment
from recurrent.common import config, files, paths
from recurrent.common.errors import PipelineError

NAME = "lyrics_gru"
pytestmark = pytest.mark.usefixtures("project")


def edit(*changes: str) -> config.Config:
    try_experiment.edit(paths.PARAMS, "lectures", NAME, changes)
    return config.load()


def test_settings_of_the_experiment_and_its_variants_are_changed() -> None:
    before = paths.PARAMS.read_text(encoding="utf-8")
    settings = edit("training.learning_rate=0.02", "variants.lecture.seeds=[0, 1]", "seeds=[7]")
    lecture = settings.find(f"{NAME}/lecture")
    assert (lecture.training.learning_rate, lecture.seeds) == (0.02, (0, 1))  # type: ignore[union-attr]
    assert settings.find(f"{NAME}/clipped").seeds == (7,)
    after = paths.PARAMS.read_text(encoding="utf-8")
    assert before.count("#") == after.count("#"), "comments stay"
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) < 8, "other lines stay as they are"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.learning_rate=-1", r"learning_rate.*-1"),
        ("training.learning_rat=1", "learning_rat"),
        ("training.learning_rate", "expected KEY=VALUE"),
        ("title.a=1", "title is not a map"),
        ("seeds=[0", "not a YAML value"),
    ],
)
def test_what_is_not_valid_is_refused_and_the_file_stays(change: str, message: str) -> None:
    before = paths.PARAMS.read_bytes()
    with pytest.raises(PipelineError, match=message):
        edit(change)
    assert paths.PARAMS.read_bytes() == before


def test_a_variant_alone_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"clipped.*takes an experiment\. Name its"):
        try_experiment.main("lyrics_gru/clipped")


def test_scores_are_compared_with_the_last_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = config.load()
    for name in settings.experiments[NAME].variants:
        files.write_json(settings.results.score(NAME, name), {"loss": 1.5, "perplexity": 4.5})
    monkeypatch.setattr(try_experiment, "read_committed_scores", lambda _: {"loss": 1.0})
    rows = [
        [cell.text for cell in row] for row in try_experiment.compare_scores(settings, NAME).rows
    ]
    assert rows[0] == ["lecture", "loss", "1.0000", "1.5000", "+0.5000"]
    assert rows[1][2:] == ["", "4.5000", ""]


def test_without_a_commit_there_are_no_scores_to_compare_with() -> None:
    assert (
        try_experiment.read_committed_scores(Path("metrics/scores/lyrics_gru/lecture.json")) == {}
    )
