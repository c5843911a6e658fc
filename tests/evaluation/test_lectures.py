import pytest

from recurrent import config as params
from recurrent.errors import PipelineError
from recurrent.evaluation import lectures
from tests.project import ROOT, Project

COMPARED = """\
  comparisons:
    - row: B2
      title: how deep
      metric: train_perplexity
      epoch: 40
      columns: [plain, residual]
      rows:
        1 layer: [names_rnn, null]
        2 layers: [names_gru, names_lstm]
"""
GOOD = """\
names:
  title: a title
  headline: accuracy
  better: higher
  rows: [B1, B2, B3]
  own_row: B9
  figures:
    - {row: B1, metric: accuracy, printed: 0.9, tolerance: 0.01, experiment: names_rnn}
"""


def load(project: Project, text: str) -> dict[str, lectures.Lecture]:
    path = project.file("lectures.yaml", text.encode())
    return lectures.load(path)


def test_the_real_file_names_lectures_and_experiments_that_exist() -> None:
    settings = params.load(ROOT / "params.yaml")
    known = lectures.load(ROOT / "lectures.yaml")
    assert {experiment.lecture for experiment in settings.experiments.values()} <= set(known)
    figures = [figure for lecture in known.values() for figure in lecture.figures]
    assert {f.experiment for f in figures if f.experiment} <= set(settings.experiments)
    assert figures


def test_every_experiment_that_a_lecture_names_exists() -> None:
    settings = params.load(ROOT / "params.yaml")
    named = {
        name
        for lecture in lectures.load(ROOT / "lectures.yaml").values()
        for name in (
            *(figure.experiment for figure in lecture.figures),
            *lecture.counterparts,
            *lecture.counterparts.values(),
            *lecture.rivals,
            *lecture.rivals.values(),
            *(n for table in lecture.comparisons for row in table.rows.values() for n in row),
        )
        if name is not None
    }
    assert named - set(settings.experiments) == set()


def test_a_rival_is_another_experiment_on_the_same_rows() -> None:
    settings = params.load(ROOT / "params.yaml")
    rivals = [
        pair
        for lecture in lectures.load(ROOT / "lectures.yaml").values()
        for pair in lecture.rivals.items()
    ]
    assert rivals
    for ours, theirs in rivals:
        one, other = settings.experiments[ours], settings.experiments[theirs]
        assert ours != theirs and one.task == other.task
        assert settings.dataset(one.dataset) == settings.dataset(other.dataset)


def test_every_table_of_a_lecture_has_a_title_and_a_row_that_its_page_shows() -> None:
    compared = 0
    for lecture in lectures.load(ROOT / "lectures.yaml").values():
        titles = [table.title for table in lecture.comparisons]
        assert len(set(titles)) == len(titles)
        rows = {lecture.own_row, *lecture.caveats}
        rows |= {figure.row for figure in lecture.figures}
        rows |= {table.row for table in lecture.comparisons}
        assert rows <= set(lecture.rows)
        compared += len(titles)
    assert compared


def test_a_comparison_is_read_with_its_empty_cells(project: Project) -> None:
    (comparison,) = load(project, GOOD + COMPARED)["names"].comparisons
    assert comparison.columns == ["plain", "residual"]
    assert comparison.rows == {
        "1 layer": ["names_rnn", None],
        "2 layers": ["names_gru", "names_lstm"],
    }
    assert comparison.epoch == 40


@pytest.mark.parametrize("cells", ["[names_rnn]", "[names_rnn, null, null]", "[]"])
def test_a_comparison_with_a_row_of_the_wrong_length_is_refused_by_the_rows_name(
    project: Project, cells: str
) -> None:
    text = (GOOD + COMPARED).replace("[names_gru, names_lstm]", cells)
    with pytest.raises(PipelineError, match=r"2 layers: give an experiment, or null, for each"):
        load(project, text)


def test_a_lecture_is_read_as_it_stands(project: Project) -> None:
    lecture = load(project, GOOD)["names"]
    assert lecture.figures[0].printed == 0.9
    assert lecture.figures[0].better is None
    assert lecture.figures[0].last == 1
    assert lecture.figures[0].together is False
    assert (lecture.caveats, lecture.comparisons, lecture.rivals) == ({}, [], {})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("headline: accuracy", "headlines: accuracy", "headlines"),
        ("tolerance: 0.01", "tolerance: -1", "tolerance"),
        ("printed: 0.9", "printed: high", "printed"),
        ("experiment: names_rnn", "better: higher", "give one of experiment and report"),
        ("experiment: names_rnn", "experiment: a, report: b", "give one of experiment and report"),
        ("experiment: names_rnn", "experiment: a, better: more", "better"),
        ("experiment: names_rnn", "experiment: a, epoch: 3, last: 0", "last"),
        ("experiment: names_rnn", "experiment: a, last: 3", "counts back from an `epoch`"),
        ("experiment: names_rnn", "experiment: a, together: true, epoch: 3", "`together` is of"),
        ("experiment: names_rnn", "report: b, together: true", "`together` is of final answers"),
        (GOOD, "", ""),
        (GOOD, "- a list\n", ""),
        (GOOD, "names: [", "not YAML"),
    ],
)
def test_what_is_wrong_is_refused_by_name(project: Project, old: str, new: str, says: str) -> None:
    with pytest.raises(PipelineError, match=r"lectures\.yaml: ") as fault:
        load(project, GOOD.replace(old, new))
    assert says in str(fault.value)


def test_a_missing_file_is_an_error_of_ours(project: Project) -> None:
    (project.folder / "lectures.yaml").unlink()
    with pytest.raises(PipelineError, match=r"lectures\.yaml"):
        lectures.load()
