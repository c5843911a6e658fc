"""What the page says first: verdicts, distances, the way to the best possible."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from recurrent.evaluation.published import NO_CORPUS, verdict
from recurrent.report import document, lines, overview, printed, verdicts
from tests.evaluation.figures import figure
from tests.report import made_up, metrics


def table(folder: Path) -> list[lines.Line]:
    return lines.read(folder / "replication.csv")


def test_verdicts_are_counted_of_printed_figures_alone(folders: dict[str, Path]) -> None:
    counted = verdicts.count(table(folders["upstream"]))
    assert counted == {
        "reproduced": 1,
        "better": 1,
        "not reproduced": 2,
        "no verdict": 1,
        "not comparable": 0,
        "not run": 0,
    }
    assert verdicts.count(table(folders["bundled"]))["not comparable"] == 5


@pytest.mark.parametrize(
    ("text", "label", "kind", "detail"),
    [
        ("reproduced (3 of 3 seeds write this)", "reproduced", "good", "(3 of 3 seeds write this)"),
        ("not reproduced", "not reproduced", "bad", ""),
        ("no verdict: one character's loss", "no verdict", "void", "one character's loss"),
        ("not run: no loss of epoch 3", "not run", "void", "no loss of epoch 3"),
        ("behind bayes (-0.1 ± 0.2)", "behind", "bad", "bayes (-0.1 ± 0.2)"),
        ("of its source: +0.0056", "note", "void", "of its source: +0.0056"),
    ],
)
def test_a_verdict_is_a_badge_with_words(text: str, label: str, kind: str, detail: str) -> None:
    found = verdicts.read(text)
    assert found is not None
    assert (found.label, found.kind, found.detail) == (label, kind, detail)
    assert found.sign, "not by colour alone"


def test_every_verdict_that_evaluate_gives_is_counted() -> None:
    asked: list[dict[str, Any]] = [
        {"better": "higher"},
        {"better": None},
        {"void": "one character's loss"},
        {"printed": "the", "prefix": "th"},
    ]
    answers, sources = (None, "the", 0.1, 0.979, 9.0), ("upstream", "x.txt", NO_CORPUS)
    labels = set()
    for of, ours, source, wanted, why in product(
        asked, answers, sources, ("upstream", "bundled"), ("", "not run: no epoch 3")
    ):
        found = verdicts.read(verdict(figure(**of), ours, 0.01, source, wanted, why))
        assert found is not None
        labels.add(found.label)
    assert labels == verdicts.PRINTED.keys()


def test_the_first_screen_says_what_came_of_it(folders: dict[str, Path]) -> None:
    found = {
        source: overview.overview(made_up.lectures(), table(folder), folder)
        for source, folder in folders.items()
    }
    assert "none of these can be compared" in found["bundled"].sentence
    assert "4 can be compared" in found["upstream"].sentence
    assert "2 are not" in found["upstream"].sentence
    assert [tile.figure for tile in found["upstream"].tiles] == ["1", "1", "2", "1", "50%"]
    assert [tile.label for tile in found["bundled"].tiles] == ["not comparable", "lyrics"]
    assert found["bundled"].missed is None
    missed = found["upstream"].missed
    assert missed is not None
    assert "0.5000 away; allowed were 0.2000" in missed.rows[0][-1].text


def test_the_way_to_the_best_possible_begins_at_the_best_without_a_network(
    folders: dict[str, Path],
) -> None:
    (gap,) = overview.gaps(made_up.lectures(), table(folders["bundled"]))
    assert gap.best is not None
    assert (gap.best.experiment, gap.share(gap.best)) == ("net", 0.5)  # 2.0 -> 1.5 of 1.0
    assert [gap.share(line) for line in gap.networks] == pytest.approx([0.5, 0.1, -0.5])


def test_distances_are_in_units_of_what_is_allowed(folders: dict[str, Path]) -> None:
    found = printed.distances(made_up.lectures(), table(folders["upstream"]))
    assert [round(distance, 3) for distance, _ in found["C1"]] == [0.5, -10.0]
    assert [round(distance, 3) for distance, _ in found["C2"]] == [2.5]


def test_an_older_table_lacks_a_line_and_keeps_the_others(folders: dict[str, Path]) -> None:
    lines_ = table(folders["upstream"])
    pairs = printed.paired(made_up.lectures(), lines_)
    assert [line for _, line in pairs] == lines_[:5]
    fewer = printed.paired(made_up.lectures(), lines_[1:])
    assert fewer == pairs[1:]


def test_what_needs_no_corpus_is_compared_on_any(tmp_path: Path) -> None:
    metrics.replication(tmp_path)
    with (tmp_path / "replication.csv").open("a", encoding="utf-8") as file:
        print(*(f'"{field}"' for field in made_up.COMPUTED), sep=",", file=file)
    metrics.demonstrations(tmp_path)
    lectures = made_up.lectures() | {"hard": made_up.HARD}
    said = overview.overview(lectures, table(tmp_path), tmp_path)
    assert "5 figures that the lectures print are of their own corpora" in said.sentence
    assert said.sentence.endswith("Figures that need no corpus: 1 of 1 reproduced or bettered.")
    text = document.render(tmp_path, lectures)
    chapter = text[text.index('<section id="hard"') :]
    assert 'id="line"' in chapter, "a study stands with the lecture that lists its row"
    assert 'id="error-surface"' in chapter
    assert "printed by the lecture" in chapter
    assert 'id="powers"' in chapter[chapter.index('id="difficulties"') :], "no lecture lists D5"


def test_a_model_without_a_network_is_one_though_it_has_a_rival() -> None:
    assert verdicts.is_baseline("baseline")
    assert verdicts.is_baseline("baseline: beats forest (+0.0100 ± 0.0030)")
    assert not verdicts.is_baseline("beats baseline")
    assert not verdicts.is_baseline(float("nan"))
