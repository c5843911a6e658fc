import pytest

from stages import params
from stages.errors import PipelineError
from stages.evaluation import lectures
from tests.project import ROOT, Project

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


def test_a_lecture_is_read_as_it_stands(project: Project) -> None:
    lecture = load(project, GOOD)["names"]
    assert lecture.figures[0].printed == 0.9
    assert lecture.figures[0].better is None
    assert lecture.caveats == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("headline: accuracy", "headlines: accuracy", "headlines"),
        ("tolerance: 0.01", "tolerance: -1", "tolerance"),
        ("printed: 0.9", "printed: high", "printed"),
        ("experiment: names_rnn", "better: higher", "give one of experiment and report"),
        ("experiment: names_rnn", "experiment: a, report: b", "give one of experiment and report"),
        ("experiment: names_rnn", "experiment: a, better: more", "better"),
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
