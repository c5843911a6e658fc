"""lectures.yaml: the real file names things that exist; a wrong one is refused by its key."""

from pathlib import Path
from typing import Any

import pytest

from recurrent.common import config as params
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures
from recurrent.evaluation.equivalence import tolerance_of
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.quantities import names_of
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
    - {row: B1, metric: train_loss, experiment: a/b, epochs: {1: 0.9, 2: 0.8}}
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
    assert len(numbers) == len({number.id for number in numbers}) == 92
    assert {number.name for number in numbers if number.name} <= LECTURES.keys()
    assert {variant.lecture for variant in (LECTURES | BEYOND).values()} <= REAL.keys()


def test_claims_are_about_models_that_the_lectures_pipeline_trains() -> None:
    claims = [(key, one) for lecture in REAL.values() for key, one in lecture.claims.items()]
    assert len({key for key, _ in claims}) == len(claims) > 25
    assert len({one.statement for _, one in claims}) == len(claims)
    assert {name for _, one in claims for name in names_of(one)} <= LECTURES.keys()
    for lecture in REAL.values():
        assert {one.row for one in lecture.claims.values()} <= lecture.rows.keys()


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


def test_numbers_of_epochs_have_ids_and_the_tolerance_of_their_metric(tmp_path: Path) -> None:
    text = "row: B1, metric: train_perplexity, experiment: a/b, epochs: {3: 1.1, 10: 90}"
    first, second = entry(tmp_path, text).numbers
    assert (first.id, first.published, first.epoch) == ("B1.train_perplexity.epoch_3", 1.1, 3)
    assert (first.name, second.id) == ("a/b", "B1.train_perplexity.epoch_10")
    assert (first.tolerance, second.tolerance) == (tolerance_of(first.metric, 1.1), 0.05)
    (accuracy,) = entry(
        tmp_path, "row: B1, metric: accuracy, test_size: 100, models: {a/b: 0.5}"
    ).numbers
    assert accuracy.tolerance == 0.1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "row: B1, metric: mape, tolerance: 0.1, ensemble: true, models: {a/b: 0.1}",
            {"id": "B1.a.b.mape", "name": "a/b", "ensemble": True, "tolerance": 0.1},
        ),
        (
            "row: B1, metric: next, experiment: a/b, texts: {' th': ' the'}",
            {"id": "B1.after_th.1", "prefix": " th", "published": " the", "tolerance": None},
        ),
        (
            "row: B1, metric: '{}^365', report: r.json, key: [powers], values: {'1.01': 37.8}, "
            "tolerance: 0.05",
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
        ("row: B1, metric: m, models: {a/b: 1}", "give `tolerance`"),
        ("row: B1, metric: m, report: r, values: {a: 1}", "give `tolerance`"),
        ("row: B1, metric: a_loss, models: {a/b: 1}, tolerance: 1", "remove `tolerance`"),
        ("row: B1, metric: m, experiment: a/b, texts: {a: b}, tolerance: 1", "remove `tolerance`"),
        ("row: B1, metric: accuracy, models: {a/b: 1}", "`test_size` goes with an accuracy"),
        ("row: B1, metric: a_loss, models: {a/b: 1}, test_size: 9", "`test_size` goes with"),
        ("row: B1, metric: m, models: {a/b: 1}, random_draw: true", "`random_draw` goes with"),
        ("row: B1, metric: m, experiment: a/b, epochs: {1: 2}, tolerance: -1", "tolerance"),
        ("row: B1, metric: m, experiment: a, epochs: {1: 2}", "experiment"),
        ("row: B1, metric: m, experiment: a/b, epoch: {1: 2}", "epoch: unknown key"),
        ("row: B9, metric: m, tolerance: 0, models: {a/b: 1}", "`rows` has no 'B9'"),
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


CLAIM = "row: B2, statement: it learns, measured: loss, unit: nats, margin: 0.1"
LOSS = "{model: a/b, metric: loss}"
PERPLEXITY = "{model: a/b, metric: perplexity}"


def claims(folder: Path, text: str) -> Lecture:
    """The lecture with this claim."""
    return load(folder, f"{GOOD}  claims:\n    it_learns: {{{CLAIM}, {text}}}\n")["names"]


def test_a_claim_has_a_bound_and_names_models(tmp_path: Path) -> None:
    text = f"value: {{largest: [{LOSS}, 2]}}, minus: {{seconds: c/d}}, above: 1"
    claim = claims(tmp_path, text).claims["it_learns"]
    assert (claim.relation, claim.bound) == ("above", 1)
    assert [*names_of(claim)] == ["a/b", "c/d"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"value: {LOSS}", "it_learns: give either `below` or `above`"),
        (f"value: {LOSS}, below: 1, above: 0", "give either `below` or `above`"),
        (f"value: {LOSS}, minus: 1, over: 2, below: 0", "give `minus` or `over`, not both"),
        ("value: {loss: a/b}, below: 0", "it_learns.value: give a number, or one of the keys"),
        ("value: {model: a, metric: loss}, below: 0", "it_learns.value.model"),
        ("value: {largest: []}, below: 0", "it_learns.value: give either `largest`"),
        (f"value: {{largest: [{LOSS}, {PERPLEXITY}]}}, below: 0", "cannot be mixed"),
        (f"value: {PERPLEXITY}, minus: 1, below: 0", "by `over`, not by `minus`"),
        (f"value: {{value: {LOSS}, minus: 1}}, over: 2, below: 0", "it has no ratio"),
        (
            f"value: {LOSS}, below: 0, why: {{names.txt: it is hard}}",
            "bundled|upstream|stand-in|no corpus",
        ),
    ],
)
def test_a_wrong_claim_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=r"lectures\.yaml: names\.claims\.it_learns") as fault:
        claims(tmp_path, text)
    assert says in str(fault.value)


def test_a_claim_of_an_unknown_row_is_refused(tmp_path: Path) -> None:
    text = f"  claims:\n    it_learns: {{{CLAIM}, value: {LOSS}, below: 0}}\n"
    with pytest.raises(PipelineError, match="`rows` has no 'B9'"):
        load(tmp_path, GOOD + text.replace("B2", "B9"))
