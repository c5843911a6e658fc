import itertools
import math
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from recurrent.data.names import clean as corpus
from recurrent.data.synthetic import names
from recurrent.data.synthetic.names import MIRRORS, Source, Urn

SEED, SIZE = 11, 12_000
MALE = Fraction(names.MALE_PER_MILLE, 1000)
TWO_GIVEN = [Fraction(share, 1000) for share in names.TWO_GIVEN_PER_MILLE]

FEW = "若强芳文"  # a mirror, and one character of each kind
STRONG, SOFT = Urn(FEW, [4, 90, 3, 40]), Urn(FEW, [6, 5, 80, 30])
SMALL = Source(Urn("王李", [3, 2]), given=(STRONG, SOFT), mirrored=(SOFT, STRONG))


def share(urn: Urn, character: str) -> Fraction:
    return Fraction(urn.weight[character], sum(urn.weight.values()))


def likelihood(source: Source, name: str, sex: int) -> Fraction:
    """P(name | sex), by the words of the module's first paragraph."""
    surname, first, second = name[0], name[1], name[2:]
    probability = share(source.surnames, surname) * share(source.given[sex], first)
    if not second:
        return probability * (1 - TWO_GIVEN[sex])
    urns = source.mirrored if first in MIRRORS else source.given
    return probability * TWO_GIVEN[sex] * share(urns[sex], second)


def bayes(source: Source, name: str) -> Fraction:
    male, female = (likelihood(source, name, sex) for sex in (0, 1))
    return male * MALE / (male * MALE + female * (1 - MALE))


def all_names(source: Source) -> list[str]:
    given = source.given[0].characters
    short = ["".join(pair) for pair in itertools.product(source.surnames.characters, given)]
    return short + ["".join(pair) for pair in itertools.product(short, given)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    names.generate(folder, SEED, SIZE)
    return folder


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, float]:
    return dict(pd.read_csv(folder / names.TRUTH).itertuples(index=False))


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[str]:
    return (folder / names.FILE).read_text(encoding="utf-8-sig").split("\n")[3:]


@pytest.fixture(scope="module")
def first_labels(rows: list[str]) -> dict[str, str]:
    """The label that each name was written with first: blemishes only add to it."""
    labels: dict[str, str] = {}
    for row in rows:
        name, label, reason = corpus.parse(row)
        if not reason:
            labels.setdefault(name, label)
    return labels


def test_a_seed_is_a_corpus(tmp_path: Path) -> None:
    written = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        names.generate(tmp_path / folder, seed, 300)
        written.append([(tmp_path / folder / f).read_bytes() for f in (names.FILE, names.TRUTH)])
    assert written[0] == written[1]
    assert written[0][0] != written[2][0]


def test_the_probabilities_of_all_names_sum_to_one() -> None:
    for sex in (0, 1):
        assert sum(likelihood(SMALL, name, sex) for name in all_names(SMALL)) == 1


def test_a_names_probability_is_bayes_rule_to_the_last_bit() -> None:
    for name in all_names(SMALL):
        assert SMALL.male_probability(name) == float(bayes(SMALL, name))


def test_the_real_sources_probabilities_are_bayes_rule_too() -> None:
    rng = random.Random(SEED)
    source = Source.make(rng)
    for _ in range(60):
        name, _ = source.draw(rng)
        assert source.male_probability(name) == float(bayes(source, name))


def test_names_are_drawn_as_often_as_they_should_be() -> None:
    rng = random.Random(SEED)
    draws = 20_000
    drawn = Counter(SMALL.draw(rng) for _ in range(draws))
    for name, (sex, label) in itertools.product(all_names(SMALL), enumerate("男女")):
        probability = float(likelihood(SMALL, name, sex) * (MALE, 1 - MALE)[sex])
        deviation = math.sqrt(draws * probability * (1 - probability))
        assert abs(drawn[name, label] - draws * probability) < 5 * deviation + 1


def test_a_mirror_turns_the_next_character_around() -> None:
    assert SMALL.male_probability("王文强") > 0.9 > 0.1 > SMALL.male_probability("王若强")
    source = Source.make(random.Random(SEED))
    assert source.male_probability("王如伟") < source.male_probability("王文伟")
    assert source.male_probability("王如娜") > source.male_probability("王文娜")


def test_the_truth_covers_every_name_and_no_other(
    truth: dict[str, float], first_labels: dict[str, str]
) -> None:
    assert len(truth) == SIZE
    assert truth.keys() == first_labels.keys()
    assert all(0 < probability < 1 for probability in truth.values())


@pytest.mark.parametrize(("low", "high"), [(0, 0.02), (0.02, 0.35), (0.65, 0.98), (0.98, 1)])
def test_labels_are_as_frequent_as_the_truth_says(
    truth: dict[str, float], first_labels: dict[str, str], low: float, high: float
) -> None:
    within = [name for name, probability in truth.items() if low <= probability < high]
    expected = sum(truth[name] for name in within)
    deviation = math.sqrt(sum(truth[name] * (1 - truth[name]) for name in within))
    assert len(within) > 100
    assert abs(sum(first_labels[n] == "男" for n in within) - expected) < 4 * deviation


def test_exactly_the_ambiguous_names_are_unknown(
    truth: dict[str, float], first_labels: dict[str, str]
) -> None:
    low, high = names.AMBIGUOUS
    ambiguous = {name for name, probability in truth.items() if low < probability < high}
    assert {name for name, label in first_labels.items() if label == "未知"} == ambiguous
    assert 0.02 < len(ambiguous) / SIZE < 0.15


def test_names_are_of_two_and_three_characters_and_some_characters_are_rare(
    truth: dict[str, float],
) -> None:
    lengths = Counter(map(len, truth))
    assert set(lengths) == {2, 3}
    assert 0.08 < lengths[2] / SIZE < 0.2
    assert len(set("".join(truth))) > 700  # `top_characters: 500` leaves some out


def test_the_file_is_laid_out_as_upstreams_is(folder: Path) -> None:
    content = (folder / names.FILE).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n") > SIZE
    assert content.decode("utf-8-sig").split("\r\n")[:3] == names.PREAMBLE
    assert "dict,sex" in names.PREAMBLE


def test_blemishes_do_not_depend_on_the_label() -> None:
    kinds: Counter[tuple[str, ...]] = Counter()
    rngs = {label: random.Random(0) for label in ("男", "女", "未知")}
    other = {"男": "女", "女": "男", "未知": "男"}
    for _ in range(20_000):
        shapes = {
            tuple(
                row.replace(label, "its").replace(other[label], "the other")
                for row in names.blemished("王小红", label, rng)
            )
            for label, rng in rngs.items()
        }
        assert len(shapes) == 1
        kinds.update(shapes)
    assert len(kinds) == 9  # one of them: none
    assert kinds[("王小红,its",)] > 0.99 * 20_000


def test_cleaning_meets_every_blemish_it_knows_and_forgives_them(folder: Path) -> None:
    labels, dropped = corpus.read(folder / names.FILE, max_malformed=0.01)
    assert len(labels) == SIZE
    assert set(dropped) == {
        "repeated",
        "repeated with another label",
        "blank line",
        "not two fields",
        "not all Chinese characters",
        "one character",
    }


def test_the_common_characters_are_those_of_the_standard() -> None:
    characters = names.common_hanzi()
    assert len(set(characters)) == len(characters) == 3755
    assert (characters[0], characters[-1]) == ("啊", "座")
