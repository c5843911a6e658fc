"""Chinese-looking names with a sex label, drawn from a source whose every propensity is known.

A name is a surname and one or two given characters. A sex is drawn first; each given
character then comes with a weight that depends on it. Some first characters (MIRRORS)
turn the propensity of the character after them around, so that a bag of characters is
not enough and the order matters. Bayes' rule gives the exact probability of a name's sex.
"""

import csv
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path

FILE = "names.txt"
TRUTH = "truth.csv"
UNKNOWN = "未知"
PREAMBLE = ["synthetic names, generated from a seed", "", "dict,sex"]

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康"
)
MALE = "伟强磊军勇杰涛超刚辉鹏健飞斌波浩亮宏峰龙虎彪雄坤栋梁柱剑锋武力猛毅诚义东胜利国建志振"
FEMALE = "芳娜敏静丽艳娟霞秀兰燕玲桂英梅红雪琴云莲凤洁颖琳莉婷婉倩娇媛妍蕾薇菲香珍珠莹瑶怡佳"
NEUTRAL = "文明华平林海春玉晓小永新光安宁和清思子天一宇晨晗乐欣悦然青景世庆福祥瑞成德仁中心远行"
MIRRORS = "如若亦以未与可且"
RARE_CHARACTERS = 800

SEXES = ("男", "女")
MALE_PER_MILLE = 520
TWO_GIVEN_PER_MILLE = (850, 880)  # how often a name has two given characters, by sex
AMBIGUOUS = (0.35, 0.65)  # within these, a name is labelled 未知


class Urn:
    """Characters with integer weights: the same draws on every machine."""

    def __init__(self, characters: Sequence[str], weights: Sequence[int]) -> None:
        self.characters = characters
        self.weight = dict(zip(characters, weights, strict=True))
        self._bounds = list(accumulate(weights))
        self.total = self._bounds[-1]

    def draw(self, rng: random.Random) -> str:
        return self.characters[bisect_right(self._bounds, rng.randrange(self.total))]


@dataclass(frozen=True)
class Source:
    """The distribution of names: what `draw` draws from and `male_probability` inverts."""

    surnames: Urn
    given: tuple[Urn, Urn]  # by sex: a first given character, or a second after no mirror
    mirrored: tuple[Urn, Urn]  # by sex: a second given character after a mirror

    @classmethod
    def make(cls, rng: random.Random) -> "Source":
        """Draw the rare characters and every propensity; common characters get the most weight."""
        listed = dict.fromkeys(MALE + FEMALE + NEUTRAL + MIRRORS)
        rare = [c for c in common_hanzi() if c not in listed and c not in SURNAMES]
        rare = rng.sample(rare, RARE_CHARACTERS)
        tilt = {c: rng.randrange(94, 100) for c in MALE}  # per cent of the weight that is male
        tilt |= {c: rng.randrange(1, 7) for c in FEMALE}
        tilt |= {c: rng.randrange(30, 71) for c in NEUTRAL + MIRRORS}
        tilt |= {c: rng.choice((rng.randrange(2, 13), rng.randrange(88, 99))) for c in rare}
        shuffled = rng.sample([*listed], len(listed))
        base = {c: 40_000 // (rank + 25) for rank, c in enumerate(shuffled)}
        base |= {c: 12_000 // (rank + 40) for rank, c in enumerate(rare)}
        characters = [*base]
        male = Urn(characters, [base[c] * tilt[c] for c in characters])
        female = Urn(characters, [base[c] * (100 - tilt[c]) for c in characters])
        ranks = range(len(SURNAMES))
        return cls(
            surnames=Urn(SURNAMES, [100_000 // (rank + 8) for rank in ranks]),
            given=(male, female),
            mirrored=(female, male),
        )

    def draw(self, rng: random.Random) -> tuple[str, str]:
        """A name and its sex."""
        sex = int(rng.randrange(1000) >= MALE_PER_MILLE)
        name = self.surnames.draw(rng) + self.given[sex].draw(rng)
        if rng.randrange(1000) < TWO_GIVEN_PER_MILLE[sex]:
            name += self._second(name[1])[sex].draw(rng)
        return name, SEXES[sex]

    def _second(self, first: str) -> tuple[Urn, Urn]:
        return self.mirrored if first in MIRRORS else self.given

    def male_probability(self, name: str) -> float:
        """P(男 | name) by Bayes' rule; the surname says nothing. Exact up to one division."""
        male, female = (self._likelihood(name, sex) for sex in (0, 1))
        male, female = male * MALE_PER_MILLE, female * (1000 - MALE_PER_MILLE)
        totals = self.given[0].total, self.given[1].total
        male, female = male * totals[1], female * totals[0]
        if len(name) == 3:
            second = self._second(name[1])
            male, female = male * second[1].total, female * second[0].total
        return male / (male + female)

    def _likelihood(self, name: str, sex: int) -> int:
        """P(name's length and given characters | sex), times a constant and the urns' totals."""
        weight = self.given[sex].weight[name[1]]
        if len(name) == 2:
            return weight * (1000 - TWO_GIVEN_PER_MILLE[sex])
        return weight * TWO_GIVEN_PER_MILLE[sex] * self._second(name[1])[sex].weight[name[2]]


def common_hanzi() -> list[str]:
    """The 3,755 common characters, as the first level of the GB 2312 standard lists them."""
    cells = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return [character for cell in islice(cells, 3755) for character in cell.decode("gb2312")]


def generate(folder: Path, seed: int, size: int) -> None:
    """Write `size` distinct names as upstream lays them out, blemishes included, and the truth.

    Blemishes fall on names regardless of their sex, so they do not move the floor.
    """
    rng = random.Random(seed)
    source = Source.make(rng)
    labels: dict[str, str] = {}
    truth: dict[str, float] = {}
    while len(labels) < size:
        name, sex = source.draw(rng)
        if name not in labels:
            truth[name] = source.male_probability(name)
            ambiguous = AMBIGUOUS[0] < truth[name] < AMBIGUOUS[1]
            labels[name] = UNKNOWN if ambiguous else sex
    rows = [row for name, label in labels.items() for row in blemished(name, label, rng)]
    # Upstream's kind of file: UTF-8 with a byte-order mark, lines ended by CRLF.
    with (folder / FILE).open("w", encoding="utf-8-sig", newline="\r\n") as file:
        file.writelines(f"{line}\n" for line in (*PREAMBLE, *rows))
    with (folder / TRUTH).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "male_probability"))
        writer.writerows((name, f"{p:.6f}") for name, p in truth.items())


def blemished(name: str, label: str, rng: random.Random) -> list[str]:
    """The row of a name, once in a while as people type it."""
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
