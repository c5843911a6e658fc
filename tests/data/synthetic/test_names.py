import hashlib
import itertools
import math
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from recurrent.data.synthetic import names
from recurrent.data.synthetic.names import MIRRORS, Source
from recurrent.data.synthetic.tape import Urn

SEED, SIZE = 11, 12_000
MALE = Fraction(names.MALE_PER_MILLE, 1000)
TWO_GIVEN = [Fraction(share, 1000) for share in names.TWO_GIVEN_PER_MILLE]

# A mirror, and one character of each kind.
STRONG = Urn({"若": 4, "强": 90, "芳": 3, "文": 40})
SOFT = Urn({"若": 6, "强": 5, "芳": 80, "文": 30})
SMALL = Source(Urn({"王": 3, "李": 2}), given=(STRONG, SOFT), mirrored=(SOFT, STRONG))


def share(urn: Urn, character: str) -> Fraction:
    return Fraction(urn.weights[character], urn.total)


def joint(source: Source, name: str, sex: int) -> Fraction:
    """Return P(name, sex), as the module's first paragraph describes it."""
    surname, first, second = name[0], name[1], name[2:]
    probability = (MALE, 1 - MALE)[sex] * share(source.surnames, surname)
    probability *= share(source.given[sex], first)
    if not second:
        return probability * (1 - TWO_GIVEN[sex])
    urns = source.mirrored if first in MIRRORS else source.given
    return probability * TWO_GIVEN[sex] * share(urns[sex], second)


def bayes(source: Source, name: str) -> float:
    male, female = (joint(source, name, sex) for sex in (0, 1))
    return float(male / (male + female))


def all_names(source: Source) -> list[str]:
    given = source.given[0].options
    short = ["".join(pair) for pair in itertools.product(source.surnames.options, given)]
    return short + ["".join(pair) for pair in itertools.product(short, given)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    names.generate(folder, SEED, SIZE)
    return folder


@pytest.fixture(scope="module")
def known(folder: Path) -> dict[str, float]:
    return dict(pd.read_csv(folder / names.BAYES).itertuples(index=False))


@pytest.fixture(scope="module")
def labels(folder: Path, known: dict[str, float]) -> dict[str, str]:
    """The first label of each name; blemishes add others."""
    found: dict[str, str] = {}
    for row in (folder / names.FILE).read_text(encoding="utf-8-sig").split("\n")[3:]:
        name, _, label = row.replace(" ", "").replace("，", ",").partition(",")
        if label and name in known:
            found.setdefault(name, label)
    return found


def test_a_seed_gives_the_same_names_on_every_machine(tmp_path: Path) -> None:
    names.generate(tmp_path, 1, 500)
    hashes = [
        hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()
        for file in (names.FILE, names.BAYES)
    ]
    assert hashes == [
        "f0752ebacc020391115f24e10c4bf25b287bfaaf2c97efcf4d77ccdedce2ce43",
        "98ea1626758cd449ce86f738312ba16778c9ac5162acbf34d6eded9bfebfbba9",
    ]


def test_p_male_is_bayes_rule_to_the_last_bit() -> None:
    assert sum(joint(SMALL, name, sex) for name in all_names(SMALL) for sex in (0, 1)) == 1
    for name in all_names(SMALL):
        assert SMALL.male_probability(name) == bayes(SMALL, name)
    rng = random.Random(SEED)
    source = Source.make(rng)
    for _ in range(60):
        name, _ = source.draw(rng)
        assert source.male_probability(name) == bayes(source, name)


def test_names_are_drawn_as_often_as_they_should_be() -> None:
    rng, draws = random.Random(SEED), 20_000
    drawn = Counter(SMALL.draw(rng) for _ in range(draws))
    for name, (sex, label) in itertools.product(all_names(SMALL), enumerate(names.SEXES)):
        probability = float(joint(SMALL, name, sex))
        deviation = math.sqrt(draws * probability * (1 - probability))
        assert abs(drawn[name, label] - draws * probability) < 5 * deviation + 1


def test_exactly_the_ambiguous_names_are_unknown(
    known: dict[str, float], labels: dict[str, str]
) -> None:
    low, high = names.AMBIGUOUS
    ambiguous = {name for name, probability in known.items() if low < probability < high}
    assert len(known) == len(labels) == SIZE
    assert {name for name, label in labels.items() if label == names.UNKNOWN} == ambiguous
    assert 0.2 < len(ambiguous) / SIZE < 0.5
    assert len(set("".join(known))) > 700  # `top_characters: 500` leaves some out
