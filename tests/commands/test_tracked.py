"""MLflow's experiments are the lectures of lectures.yaml."""

from recurrent.commands.tracked import (
    display_names,
    locked_hashes,
    tracked_data,
    tracked_experiments,
)
from recurrent.common import files, paths
from tests.project import Project

HASH = "0123456789abcdef0123456789abcdef.dir"
LOCK = f"""\
schema: '2.0'
stages:
  encode@names_top500:
    outs:
    - path: data/encoded/names_top500
      md5: {HASH}
"""


def test_every_lecture_is_an_experiment_with_what_to_compare(project: Project) -> None:
    found = tracked_experiments()
    assert len({one.title for one in found.values()}) == len(found)
    names = found["names"]
    assert names.title == "Predicting sex from names"
    assert names.columns[:2] == ("test/accuracy", "test/accuracy_bayes") and names.higher_is_better
    assert "- B2 · char-RNN on 10,000 names" in names.description
    assert found["nietzsche"].columns[0] == "test/loss"
    assert not found["nietzsche"].higher_is_better


def test_people_call_variants_by_their_names(project: Project) -> None:
    assert display_names()["names_gated/bilstm"] == "bidirectional LSTM"


def test_a_dataset_has_dvcs_hash_as_its_digest(project: Project) -> None:
    files.write_text(project.folder / "dvc.lock", LOCK)
    report = {"train": 9, "valid": 1, "test": 2, "vocabulary": 5}
    files.write_json(paths.encoded("names_top500") / "report.json", report)
    found = tracked_data("names_top500", locked_hashes())
    assert found.digest == HASH and len(HASH) <= 36  # the longest digest that MLflow stores
    assert found.sizes == {"train": 9, "valid": 1, "test": 2}


def test_a_dataset_that_dvc_has_not_recorded_has_no_digest(project: Project) -> None:
    found = tracked_data("names_lecture", locked_hashes())
    assert (found.digest, found.sizes) == ("", {})
