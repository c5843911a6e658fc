"""lectures.yaml: the real file names things that exist; a wrong one is refused by its key."""

from pathlib import Path
from typing import Any

import pytest

from recurrent.common import config as params
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures
from recurrent.evaluation.lectures import Lecture
from tests.project import ROOT

REAL = lectures.load(ROOT / "lectures.yaml")
LECTURES = {variant.name: variant for variant in params.load(folder=ROOT).variants()}
BEYOND = {variant.name: variant for variant in params.load("beyond", ROOT).variants()}
GOOD = """\
names:
  title: a title
  given_by: a lecturer
  headline: accuracy
  better: higher
  rows: {B1: one, B2: two}
  default_row: B2
  published:
    - {row: B1, metric: train_loss, experiment: a/b, epochs: {1: 0.9, 2: 0.8}, tolerance: 0.01}
"""


def load(folder: Path, text: str) -> dict[str, Lecture]:
    path = folder / "lectures.yaml"
    path.write_text(text, encoding="utf-8")
    return lectures.load(path)


def entry(folder: Path, text: str) -> Lecture:
    """The lecture with this entry in place of its own."""
    head, _, _ = GOOD.partition("    - {")
    return load(folder, f"{head}    - {{{text}}}\n")["names"]


def test_every_row_of_the_lectures_has_a_name() -> None:
    rows = [row for lecture in REAL.values() for row in lecture.rows]
    wanted = [f"A{n}" for n in range(1, 11)] + [f"B{n}" for n in range(1, 5)]
    wanted += [f"C{n}" for n in range(1, 8)] + [f"D{n}" for n in range(1, 6)]
    assert sorted(rows) == sorted([*wanted, "A+", "C+"])


def test_numbers_are_those_of_models_that_the_lectures_pipeline_trains() -> None:
    numbers = [number for lecture in REAL.values() for number in lecture.numbers]
    assert len(numbers) == len({number.id for number in numbers}) == 94
    assert {number.name for number in numbers if number.name} <= LECTURES.keys()
    assert {variant.lecture for variant in (LECTURES | BEYOND).values()} <= REAL.keys()


def test_every_model_has_a_name_for_people() -> None:
    named = [name for lecture in REAL.values() for name in lecture.names]
    assert sorted(named) == sorted(LECTURES | BEYOND)
    for key, lecture in REAL.items():
        assert {(LECTURES | BEYOND)[name].lecture for name in lecture.names} == {key}
        assert len({*lecture.names.values()}) == len(lecture.names)


def test_every_lecture_says_what_it_shows_and_what_was_found() -> None:
    for lecture in REAL.values():
        assert lecture.short
        for text in (lecture.shows, lecture.found.bundled, lecture.found.upstream):
            assert 1 <= text.count(". ") + text.endswith(".") <= 2, text


def test_every_other_name_is_one_of_either_pipeline() -> None:
    for lecture in REAL.values():
        pairs = {**lecture.rivals, **lecture.counterparts}
        tabled = [name for table in lecture.tables for name in table.names]
        tabled += [table.reference for table in lecture.tables if table.reference]
        assert {*tabled, *pairs, *pairs.values()} <= (LECTURES | BEYOND).keys()
        for ours, theirs in pairs.items():
            one, other = ((LECTURES | BEYOND)[name] for name in (ours, theirs))
            assert one.task == other.task and one.name != other.name
    for name in LECTURES | BEYOND:
        counterpart = REAL[(LECTURES | BEYOND)[name].lecture].counterpart(name)
        assert counterpart is None or counterpart in LECTURES


@pytest.mark.parametrize(
    ("name", "counterpart"),
    [
        ("lyrics_gru/held_out", "lyrics_gru/lecture"),
        ("nietzsche_seq/identity_held_out", "nietzsche_seq/identity"),
        ("lyrics_unseen/lstm_2", "lyrics_deep/layers_2"),
        ("lyrics_gru/lecture", None),
        ("lyrics_ngrams/held_out_1", None),
    ],
)
def test_a_counterpart_is_found_by_its_name_or_named(name: str, counterpart: str | None) -> None:
    assert REAL["lyrics"].counterpart(name) == counterpart


@pytest.mark.parametrize(
    ("lecture", "name", "row"),
    [
        ("nietzsche", "nietzsche_rnn/lecture", "A4"),
        ("nietzsche", "nietzsche_seq/identity_held_out", "A6"),
        ("nietzsche", "nietzsche_ngrams/order_3", "A+"),
        ("lyrics", "lyrics_unseen/gru_scratch", "C1"),
        ("lyrics", "lyrics_depth/norm_12", "C6"),
        ("hard", "hard_clipping/each_10", "D2"),
    ],
)
def test_a_model_belongs_to_the_row_that_names_it_or_its_counterpart(
    lecture: str, name: str, row: str
) -> None:
    assert REAL[lecture].row_of(name) == row


def test_numbers_of_epochs_have_ids_tolerances_and_a_median(tmp_path: Path) -> None:
    text = (
        "row: B1, metric: valid_loss, experiment: a/b, median_of: 10, epochs: {3: 2.5, 10: 1}, "
        "tolerance: {3: 0.2, 10: 0.1}"
    )
    first, second, third = entry(tmp_path, text).numbers
    assert (first.id, first.published, first.tolerance) == ("B1.valid_loss.epoch_3", 2.5, 0.2)
    assert (first.name, first.better, first.last) == ("a/b", "higher", 1)
    assert (second.id, second.epoch, second.no_verdict) == ("B1.valid_loss.epoch_10", 10, None)
    assert (third.id, third.last) == ("B1.valid_loss.epoch_10.median_10", 10)
    assert third.no_verdict == "the lecture publishes a single epoch"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "row: B1, metric: mape, ensemble: true, models: {a/b: 0.1}",
            {"id": "B1.a.b.mape", "name": "a/b", "ensemble": True, "better": "higher"},
        ),
        (
            "row: B1, metric: next, experiment: a/b, texts: {' th': ' the'}",
            {"id": "B1.after_th.1", "prefix": " th", "published": " the", "better": None},
        ),
        (
            "row: B1, metric: '{}^365', report: r.json, key: [powers], values: {'1.01': 37.8}",
            {"id": "B1.powers.1.01", "metric": "1.01^365", "key": ("powers", "1.01")},
        ),
    ],
)
def test_the_other_kinds_of_numbers(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    (number,) = entry(tmp_path, text).numbers
    assert {key: getattr(number, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("row: B1, metric: m, experiment: a/b", "give exactly one of `models`, `epochs`"),
        ("row: B1, metric: m, experiment: a/b, epochs: {1: 2}, texts: {a: b}", "give exactly one"),
        ("row: B1, metric: m, epochs: {1: 2}", "`experiment` goes with"),
        ("row: B1, metric: m, experiment: a/b, models: {a/b: 1}", "`experiment` goes with"),
        ("row: B1, metric: m, values: {a: 1}", "`report` goes with `values`"),
        ("row: B1, metric: m, experiment: a/b, epochs: {1: 2}, ensemble: true", "`ensemble` goes"),
        ("row: B1, metric: m, models: {a/b: 1}, median_of: 3", "`median_of` goes with"),
        ("row: B1, metric: m, experiment: a/b, epochs: {1: 2}, tolerance: {2: 1}", "`tolerance`"),
        ("row: B1, metric: m, experiment: a/b, epochs: {1: 2}, tolerance: -1", "tolerance"),
        ("row: B1, metric: m, experiment: a, epochs: {1: 2}", "experiment"),
        ("row: B1, metric: m, experiment: a/b, epoch: {1: 2}", "epoch: unknown key"),
        ("row: B9, metric: m, models: {a/b: 1}", "`rows` has no 'B9'"),
    ],
)
def test_a_wrong_entry_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=r"lectures\.yaml: ") as fault:
        entry(tmp_path, text)
    assert says in str(fault.value)


def test_a_number_that_is_published_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"B1\.train_loss\.epoch_1 is published twice"):
        load(tmp_path, GOOD + GOOD.splitlines()[-1] + "\n")


@pytest.mark.parametrize("cells", ["[a/b]", "[a/b, null, null]"])
def test_a_table_whose_row_does_not_fit_its_columns_is_refused(tmp_path: Path, cells: str) -> None:
    tables = f"""\
  tables:
    - {{row: B2, title: t, metric: m, columns: [x, y], rows: {{1: [a/b, null], 2: {cells}}}}}
"""
    with pytest.raises(PipelineError, match="2: give a model, or null, for each column"):
        load(tmp_path, GOOD + tables.replace("{1:", "{'1':").replace(", 2:", ", '2':"))
