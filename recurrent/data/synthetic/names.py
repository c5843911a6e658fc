"""Synthetic Chinese names with a sex label, and the exact probability of each label.

A sex is drawn first, then a surname and one or two given characters. The weight of a given
character depends on the sex. Some first characters (`mirrors` in characters.yaml) swap male and
female for the character after them, so the order of characters matters. Bayes' rule then gives the
exact probability that a name is male.
"""

import csv
import random
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ruamel.yaml import YAML

from recurrent.data.synthetic.tape import Urn

FILE = "names.txt"
BAYES = "truth.csv"  # P(male | name) of every name
UNKNOWN = "未知"
PREAMBLE = ["synthetic names, generated from a seed", "", "dict,sex"]
CHARACTERS: dict[str, str] = YAML(typ="safe").load(
    Path(__file__).with_name("characters.yaml").read_text(encoding="utf-8")
)
MIRRORS = CHARACTERS["mirrors"]
RARE_CHARACTERS = 800

SEXES = ("男", "女")
MALE_PER_MILLE = 520
TWO_GIVEN_PER_MILLE = (850, 880)  # how often a name has two given characters, by sex
AMBIGUOUS = (0.04, 0.96)  # a name is labelled 未知 if P(male) lies between these


@dataclass(frozen=True)
class Source:
    """The distribution that names are drawn from."""

    surnames: Urn
    given: tuple[Urn, Urn]  # by sex: given characters, unless a mirror precedes them
    mirrored: tuple[Urn, Urn]  # by sex: second given characters after a mirror

    @classmethod
    def make(cls, rng: random.Random) -> "Source":
        """Draw the rare characters, and how often each given character is male."""
        surnames = CHARACTERS["surnames"]
        male, female, neutral = (CHARACTERS[kind] for kind in ("male", "female", "neutral"))
        common = [*male, *female, *neutral, *MIRRORS]
        others = [c for c in frequent_hanzi() if c not in common and c not in surnames]
        rare = rng.sample(others, RARE_CHARACTERS)
        percent = {c: rng.randrange(94, 100) for c in male}  # male share of the weight
        percent |= {c: rng.randrange(1, 7) for c in female}
        percent |= {c: rng.randrange(30, 71) for c in neutral + MIRRORS}
        percent |= {c: rng.choice((rng.randrange(2, 13), rng.randrange(88, 99))) for c in rare}
        weights = {c: 40_000 // (n + 25) for n, c in enumerate(rng.sample(common, len(common)))}
        weights |= {c: 12_000 // (n + 40) for n, c in enumerate(rare)}
        of_men = Urn({c: weight * percent[c] for c, weight in weights.items()})
        of_women = Urn({c: weight * (100 - percent[c]) for c, weight in weights.items()})
        return cls(
            surnames=Urn({c: 100_000 // (n + 8) for n, c in enumerate(surnames)}),
            given=(of_men, of_women),
            mirrored=(of_women, of_men),
        )

    def draw(self, rng: random.Random) -> tuple[str, str]:
        """Return a name and its sex."""
        sex = int(rng.randrange(1000) >= MALE_PER_MILLE)
        name = self.surnames.draw(rng) + self.given[sex].draw(rng)
        if rng.randrange(1000) < TWO_GIVEN_PER_MILLE[sex]:
            name += self._second(name)[sex].draw(rng)
        return name, SEXES[sex]

    def male_probability(self, name: str) -> float:
        """Return P(男 | name) by Bayes' rule. The surname does not matter.

        All numbers are integers until the division: instead of dividing by the total of one sex, we
        multiply by the total of the other.
        """
        joint = [MALE_PER_MILLE, 1000 - MALE_PER_MILLE]
        for sex, two_given in enumerate(TWO_GIVEN_PER_MILLE):
            joint[sex] *= two_given if len(name) == 3 else 1000 - two_given
            for character, urns in zip(name[1:], (self.given, self._second(name)), strict=False):
                joint[sex] *= urns[sex].weights[character] * urns[1 - sex].total
        return joint[0] / sum(joint)

    def _second(self, name: str) -> tuple[Urn, Urn]:
        return self.mirrored if name[1] in MIRRORS else self.given


def frequent_hanzi() -> list[str]:
    """Return the 3,755 frequent characters of the first level of the GB 2312 standard."""
    cells = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return [cell.decode("gb2312") for cell in islice(cells, 3755)]


def generate(folder: Path, seed: int, size: int) -> None:
    """Write `size` distinct names in the format of the upstream file, and their P(male).

    The file also has malformed rows, as the upstream file does. They do not depend on the sex, so
    the best possible accuracy does not change.
    """
    rng = random.Random(seed)
    source = Source.make(rng)
    labels: dict[str, str] = {}
    bayes: dict[str, float] = {}
    while len(labels) < size:
        name, sex = source.draw(rng)
        if name not in labels:
            bayes[name] = source.male_probability(name)
            ambiguous = AMBIGUOUS[0] < bayes[name] < AMBIGUOUS[1]
            labels[name] = UNKNOWN if ambiguous else sex
    rows = [row for name, label in labels.items() for row in blemish(name, label, rng)]
    # The upstream file is UTF-8 with a byte-order mark, and its lines end with CRLF.
    with (folder / FILE).open("w", encoding="utf-8-sig", newline="\r\n") as file:
        file.writelines(f"{line}\n" for line in (*PREAMBLE, *rows))
    with (folder / BAYES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "male_probability"))
        writer.writerows((name, f"{p:.6f}") for name, p in bayes.items())


def blemish(name: str, label: str, rng: random.Random) -> list[str]:
    """Return the rows of a name; one name in 250 has a typing error."""
    row = f"{name},{label}"
    other = SEXES[label == SEXES[0]]
    return {
        0: [row, row],
        1: [row, f"{name},{other}"],
        2: [f" {name[0]} {name[1:]},{label} "],
        3: [f"{name}，{label}"],
        4: [row, ""],
        5: [row, name],
        6: [row, f"{name}A,{label}"],
        7: [row, f"{name[0]},{label}"],
    }.get(rng.randrange(2000), [row])
