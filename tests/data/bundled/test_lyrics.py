import itertools
import math
from collections import Counter

import jieba
import pytest

from recurrent.data.synthetic import lyrics
from recurrent.data.synthetic.lyrics_choices import (
    DEEDS,
    MOOD_OF,
    RHYME_OF,
    RHYMES,
    after_subject,
    starts,
    things,
)
from recurrent.data.synthetic.tape import Alternatives, Reader, Writer

CHARACTERS = 20_000


class PieceWriter(Writer):
    """Remembers where the grammar's own words lie."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.words: list[tuple[int, str]] = []

    def pick(self, alternatives: Alternatives) -> str:
        start = self.length
        piece = super().pick(alternatives)
        if len(piece) > 1 and not piece.isascii():
            self.words.append((start, piece))
        return piece


def written(seed: int, characters: int = CHARACTERS) -> PieceWriter:
    writer = PieceWriter(seed)
    lyrics.write(writer, characters)
    return writer


@pytest.fixture(scope="module")
def album() -> PieceWriter:
    return written(1)


def songs(text: str) -> list[list[str]]:
    return [song.split("\n") for song in text.removesuffix("\n\n").split("\n\n")]


def test_the_text_has_one_derivation_and_its_cost_is_what_was_drawn(album: PieceWriter) -> None:
    # `Reader.pick` raises unless exactly one alternative fits, so this walk is also the proof
    # that no second derivation exists.
    reader = Reader(album.text)
    lyrics.write(reader, CHARACTERS)
    assert reader.finished
    assert reader.nats == pytest.approx(sum(album.nats), rel=1e-6)


def test_no_word_begins_another_where_both_could_stand() -> None:
    # Each of these raises if one of its words begins another.
    flags = (False, True)
    for mood in DEEDS:
        starts(mood)
        for pronoun, room, rhyming in itertools.product(flags, ("little", "some", "much"), flags):
            after_subject(mood, pronoun, room, rhyming)
        for rhyme, (bare, long) in itertools.product(("", *RHYMES), ((0, 1), (1, 0), (1, 1))):
            things(mood, rhyme, bool(bare), bool(long))


def test_a_seed_is_a_text() -> None:
    assert written(7, 300).text == written(7, 300).text
    assert written(7, 300).text != written(8, 300).text


def test_the_floor_is_below_what_character_counts_can_reach(album: PieceWriter) -> None:
    counts = Counter(album.text).values()
    unigram = -sum(n * math.log(n / album.length) for n in counts) / album.length
    floor = sum(album.nats) / album.length
    assert min(album.nats) >= 0
    assert 1.0 < floor < 1.6
    assert floor < unigram / 2


def test_it_has_the_characters_of_an_album(album: PieceWriter) -> None:
    assert 700 <= len(set(album.text[:10_000])) <= 1_100
    assert album.text[:10_000].count("不分开") >= 5
    assert album.text[:10_000].replace("不分开", "").count("分开") >= 5


def test_lines_are_of_a_singable_length(album: PieceWriter) -> None:
    sung = [line for song in songs(album.text) for line in song if not line[0].isascii()]
    assert all(4 <= len(line) <= 14 for line in sung)


def test_the_refrain_comes_back_word_for_word_and_for_nothing(album: PieceWriter) -> None:
    at = 0
    for song in songs(album.text):
        assert len(song) in (16, 21)
        refrain = song[4:8]
        assert song[12:16] == refrain
        assert len(song) == 16 or song[17:21] == refrain
        begin = at + sum(len(line) + 1 for line in song[:12])
        length = sum(len(line) + 1 for line in refrain)
        assert sum(album.nats[begin : begin + length]) == 0
        at += sum(len(line) + 1 for line in song) + 1


def test_every_second_line_rhymes_with_the_first(album: PieceWriter) -> None:
    for song in songs(album.text):
        rhyme = RHYME_OF[song[0].split("的")[1]]
        assert all(any(line.endswith(word) for word in RHYMES[rhyme]) for line in song[1:16:2])


def test_the_first_line_sets_the_mood(album: PieceWriter) -> None:
    same: Counter[bool] = Counter()
    for song in songs(album.text):
        mood = MOOD_OF[song[0].split("的")[0]]
        for line in song[1:12]:
            same.update(MOOD_OF[a] == mood for a in MOOD_OF if line.startswith(a + "的"))
    assert same[True] > same[False]


def test_a_changed_character_is_refused_or_costs_another_price(album: PieceWriter) -> None:
    text = album.text
    for at in range(10, 600, 40):
        changed = text[:at] + ("我" if text[at] != "我" else "你") + text[at + 1 :]
        reader = Reader(changed)
        try:
            lyrics.write(reader, CHARACTERS)
        except ValueError:
            continue
        assert reader.nats != pytest.approx(sum(album.nats), rel=1e-12)


def test_jieba_finds_the_words(album: PieceWriter) -> None:
    jieba.setLogLevel(60)
    cuts = {0, *itertools.accumulate(len(token) for token in jieba.cut(album.text))}
    kept = whole = 0
    for start, word in album.words:
        end = start + len(word)
        kept += start in cuts and end in cuts
        whole += start in cuts and end in cuts and not cuts & set(range(start + 1, end))
    assert kept / len(album.words) > 0.98  # both boundaries; a place and its 里 are then two words
    assert whole / len(album.words) > 0.88
