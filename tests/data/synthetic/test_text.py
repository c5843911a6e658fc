"""The two grammars, prose and lyrics, and the texts that they derive."""

import hashlib
import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest

from recurrent.data.synthetic import text as synthetic
from recurrent.data.synthetic.grammar import load
from recurrent.data.synthetic.tape import Writer

SIZE = 30_000
HASHES = {  # of 3,000 characters with seed 7
    "prose": "135bd43cdc8d620bd1b53f3eb3ec4b652af0df1d97c1c873755a70286c0c7151",
    "lyrics": "390e5053136e445cca208955eb7f823138e57b0e3fed969db5c369872f9455d7",
}


def derived(grammar: str, seed: int = 1) -> Writer:
    writer = Writer(seed)
    load(grammar).derive(writer, SIZE)
    return writer


@pytest.fixture(scope="module")
def texts() -> dict[str, Writer]:
    return {grammar: derived(grammar) for grammar in HASHES}


@pytest.fixture(scope="module")
def prose(texts: dict[str, Writer]) -> str:
    return texts["prose"].text


@pytest.fixture(scope="module")
def songs(texts: dict[str, Writer]) -> list[list[str]]:
    return [song.split("\n") for song in texts["lyrics"].text.removesuffix("\n\n").split("\n\n")]


@pytest.mark.parametrize(("grammar", "nats"), [("prose", 3541.175411), ("lyrics", 3880.660847)])
def test_a_seed_gives_the_same_text_on_every_machine(
    tmp_path: Path, grammar: str, nats: float
) -> None:
    synthetic.generate(tmp_path, "text", grammar, 7, 3_000)
    content = (tmp_path / "text").read_bytes()
    costs = np.load(tmp_path / synthetic.COSTS)
    assert hashlib.sha256(content).hexdigest() == HASHES[grammar]
    assert costs.dtype == np.float32
    assert len(costs) == len(content.decode()) >= 3_000
    assert costs.sum(dtype=np.float64) == pytest.approx(nats, abs=1e-3)


@pytest.mark.parametrize("grammar", HASHES)
def test_a_text_has_one_derivation_and_its_cost_is_that_of_its_draws(
    texts: dict[str, Writer], grammar: str
) -> None:
    # `cost` raises a ValueError wherever not exactly one alternative fits.
    writer = texts[grammar]
    assert synthetic.cost(writer.text, grammar) == pytest.approx(math.fsum(writer.nats), rel=1e-12)
    assert min(writer.nats) >= 0


@pytest.mark.parametrize("grammar", HASHES)
def test_a_changed_character_is_refused_or_costs_something_else(
    texts: dict[str, Writer], grammar: str
) -> None:
    text, nats = texts[grammar].text, sum(texts[grammar].nats)
    for at in range(100, 1500, 90):
        changed = text[:at] + ("e" if text[at] != "e" else "o") + text[at + 1 :]
        try:
            assert synthetic.cost(changed, grammar) != pytest.approx(nats, rel=1e-12)
        except ValueError:
            continue


def test_prose_counts_its_sections_and_closes_what_it_opens(prose: str) -> None:
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", prose, flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    for section in prose.split("\n\n"):
        assert section.count('"') % 2 == 0
        assert section.count("(") == section.count(")")
        assert not re.search(r"\([^)]*\(|\)[^(]*\)|\b[Aa]n [^aeiou]|\b[Aa] [aeiou]", section)
    assert max(map(len, prose.split("\n"))) < 90


def test_prose_subjects_agree_with_their_verbs_across_relative_clauses(prose: str) -> None:
    lists = load("prose").lists
    verbs = [w for name in ("transitive", "intransitive", "copula") for w in lists[name].words]
    is_singular = {verb.text: "singular" in verb.features["number"] for verb in verbs}
    subjects = {noun.text: noun.features["number"] == {"singular"} for noun in lists["nouns"].words}
    pairs = re.findall(r"(\w+), (?:who|which) [^,.;:()!?]+, (\w+)", prose.replace("\n", " "))
    known = [(s, v) for s, v in pairs if s in subjects and v in is_singular]
    assert len(known) > 10
    assert all(subjects[subject] == is_singular[verb] for subject, verb in known)


def test_the_refrain_returns_word_for_word_and_costs_nothing(
    texts: dict[str, Writer], songs: list[list[str]]
) -> None:
    nats, at = texts["lyrics"].nats, 0
    for song in songs:
        ends = [*itertools.accumulate((len(line) + 1 for line in song), initial=at)]
        assert len(song) in (16, 21)
        assert song[12:16] == song[4:8]
        assert len(song) == 16 or song[17:21] == song[4:8]
        assert sum(nats[ends[12] : ends[16]]) == 0
        at = ends[-1] + 1


def test_lines_rhyme_and_are_of_a_singable_length(songs: list[list[str]]) -> None:
    rhymes = {w.text: w.features["rhyme"] for w in load("lyrics").lists["rhymes"].words}
    for song in songs:
        rhyme = rhymes[song[0].split("的")[1]]
        assert all(rhymes[line[-2:]] == rhyme for line in song[1:16:2])
        assert all(4 <= len(line) <= 14 for line in song if not line[0].isascii())
