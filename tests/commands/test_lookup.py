"""A variant is found by its name, in the lectures' pipeline or beyond it."""

import pytest

from recurrent.commands.lookup import find, pipelines, refuse_unknown_lectures
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from tests.project import Project


@pytest.mark.parametrize(
    ("typed", "found", "pipeline"),
    [
        ("names_gated/gru", "names_gated/gru", "lectures"),
        ("names_gated", "names_gated/rnn", "lectures"),
        ("lyrics_words/lstm", "lyrics_words/lstm", "beyond"),
    ],
)
def test_a_name_may_be_a_variants_or_an_experiments(
    project: Project, typed: str, found: str, pipeline: str
) -> None:
    settings, variant = find(typed)
    assert (settings.pipeline, variant.name) == (pipeline, found)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("names-to-sx", "no experiment or champion 'names-to-sx'; did you mean names-to-sex"),
        ("names_gate", "no experiment 'names_gate'.*names_gated"),
        ("lyrics_word", "no experiment 'lyrics_word'.*lyrics_words"),
        ("names_gated/gruu", "no variant of names_gated 'gruu'.*gru"),
        ("", "no experiment ''"),
    ],
)
def test_a_wrong_name_is_refused_with_the_likeliest_ones(
    project: Project, typed: str, says: str
) -> None:
    with pytest.raises(PipelineError, match=says):
        find(typed)


def test_a_project_without_the_second_pipeline_has_the_first(project: Project) -> None:
    (project.folder / paths.BEYOND_PARAMS).unlink()
    assert find("names_gated")[0].pipeline == "lectures"


def test_an_unknown_lecture_is_refused_in_either_pipeline(project: Project) -> None:
    refuse_unknown_lectures(pipelines())
    beyond = project.folder / paths.BEYOND_PARAMS
    text = beyond.read_text(encoding="utf-8")
    files.write_text(beyond, text.replace("lecture: names\n", "lecture: nams\n", 1))
    says = r"^beyond/params\.yaml: experiments\.names_wide\.lecture: .*'nams'.*did you mean names\?"
    with pytest.raises(PipelineError, match=says):
        refuse_unknown_lectures(pipelines())
    project.edit({"experiments.names_gated.lecture": "poems"})
    says = r"^params\.yaml: experiments\.names_gated\.lecture: .*'poems'.*Choose one of: names,"
    with pytest.raises(PipelineError, match=says):
        refuse_unknown_lectures(pipelines())
