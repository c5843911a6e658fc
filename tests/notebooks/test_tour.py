"""notebooks/tour.ipynb: it runs from top to bottom, and is committed with its output."""

import re
import sys
from typing import Any

import nbformat
import pytest

from recurrent.common import files, paths
from recurrent.models import base
from recurrent.training.seeding import seed_torch
from scripts.notebook import TOUR, execute
from tests.commands.trained import CLASSIFIER, WINDOWED
from tests.project import ROOT, Project

NOTEBOOK = nbformat.read(ROOT / TOUR, as_version=4)
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
OUTPUTS = [output for cell in CODE for output in cell.outputs]
LARGEST, LARGEST_PICTURE = 300_000, 50_000  # bytes
# Absolute paths, of files and of temporary folders.
PATHS = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|Users|work|var|opt|usr|content)/|[A-Z]:\\\\")
SMALL = {  # a text that takes less than a second
    "corpora.lyrics.synthetic.size": 1500,
    "datasets.lyrics_lecture.settings.characters": 1500,
}
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def output_types(cell: Any) -> list[str]:
    return [output.output_type for output in cell.get("outputs", ())]


def champion(name: str, of: str, spec: dict[str, Any]) -> None:
    """Write a champion with random weights."""
    folder = paths.champion(name)
    for seed in spec["seeds"]:
        seed_torch("test", seed)
        base.save(base.build(spec), base.seed_file(folder, seed))
    files.write_json(folder / "spec.json", spec)
    experiment, _, variant = of.partition("/")
    files.write_json(folder / paths.CHAMPION, {"experiment": experiment, "variant": variant})


def test_every_cell_runs_in_a_project_that_has_only_the_champions(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.edit(SMALL)
    champion("names-to-sex", "names_gated/lstm", CLASSIFIER)
    about = {**WINDOWED["about"], "vocabulary": LETTERS}
    sizes = dict.fromkeys(("inputs", "outputs"), len(LETTERS) + 1)
    champion("nietzsche", "nietzsche_rnn/held_out", {**WINDOWED, **sizes, "about": about})
    quick = nbformat.from_dict(NOTEBOOK)
    for cell in quick.cells:
        cell.source = cell.source.replace("epochs=16", "epochs=1")
    assert quick != NOTEBOOK
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(project.folder))  # without the user's own settings
    execute(quick, project.folder)
    for ours, committed in zip(quick.cells, NOTEBOOK.cells, strict=True):
        assert output_types(ours) == output_types(committed)


@pytest.mark.usefixtures("project")
def test_without_champions_it_says_what_to_run() -> None:
    [check] = [cell.source for cell in CODE if cell.id == "champions"]
    with pytest.raises(SystemExit, match=r"make repro.*dvc pull champions"):
        exec(check, {"sys": sys})


def test_the_notebook_is_committed_with_the_output_of_a_run_from_top_to_bottom() -> None:
    assert [cell.execution_count for cell in CODE] == [*range(1, len(CODE) + 1)]
    assert not any(output.output_type == "error" for output in OUTPUTS)
    assert not any(output.get("name") == "stderr" for output in OUTPUTS)


def test_its_output_is_small_and_has_no_path_of_a_machine() -> None:
    assert (ROOT / TOUR).stat().st_size < LARGEST
    data = [output.get("data", {}) for output in OUTPUTS]
    pictures = [one["image/png"] for one in data if "image/png" in one]
    assert len(pictures) == 2
    assert all(len(picture) * 3 // 4 < LARGEST_PICTURE for picture in pictures)
    text = nbformat.writes(NOTEBOOK)
    for picture in pictures:
        text = text.replace(picture.strip(), "")
    assert not PATHS.findall(text)
