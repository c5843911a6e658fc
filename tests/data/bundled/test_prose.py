import math
import re
from collections import Counter

import pytest

from recurrent.data.synthetic import prose, prose_words
from recurrent.data.synthetic.prose_choices import CLASS, NAMES, VERBS
from recurrent.data.synthetic.tape import Reader, Writer

CHARACTERS = 30_000


def written(seed: int, characters: int = CHARACTERS) -> Writer:
    writer = Writer(seed)
    prose.write(writer, characters)
    return writer


@pytest.fixture(scope="module")
def book() -> Writer:
    return written(1)


def test_the_text_has_one_derivation_and_its_cost_is_what_was_drawn(book: Writer) -> None:
    # `Reader.pick` raises unless exactly one alternative fits, so this walk is also the proof
    # that no second derivation exists.
    reader = Reader(book.text)
    prose.write(reader, CHARACTERS)
    assert reader.finished
    assert reader.nats == pytest.approx(sum(book.nats), rel=1e-6)


def test_a_seed_is_a_text() -> None:
    assert written(7, 500).text == written(7, 500).text
    assert written(7, 500).text != written(8, 500).text


def test_it_ends_with_a_section_and_no_later_than_it_must(book: Writer) -> None:
    assert book.text.endswith("\n\n")
    last = re.split(r"\n\n(?=\d+\. )", book.text)[-1]
    assert len(book.text) - len(last) < CHARACTERS <= len(book.text)


def test_the_floor_is_below_what_character_counts_can_reach(book: Writer) -> None:
    counts = Counter(book.text).values()
    unigram = -sum(n * math.log(n / book.length) for n in counts) / book.length
    floor = sum(book.nats) / book.length
    assert min(book.nats) >= 0
    assert 0.7 < floor < 1.2
    assert floor < unigram / 2


def test_it_has_the_characters_and_words_of_a_book(book: Writer) -> None:
    assert 70 <= len(set(book.text)) <= 84
    assert len(set(re.findall(r"[^\W\d_]+", book.text.lower()))) > 700
    assert max(map(len, book.text.split("\n"))) < 90


def test_sections_count_up(book: Writer) -> None:
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", book.text, flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_opened_is_closed(book: Writer) -> None:
    for section in book.text.split("\n\n"):
        assert section.count('"') % 2 == 0
        assert section.count("(") == section.count(")")
        assert not re.search(r"\([^)]*\(|\)[^(]*\)", section)


SINGULAR = set(VERBS["singular"]) - set(VERBS["plural"])
PLURAL = set(VERBS["plural"]) - set(VERBS["singular"])


@pytest.mark.parametrize(
    ("pronouns", "right", "wrong"), [("he|she", SINGULAR, PLURAL), ("we|they", PLURAL, SINGULAR)]
)
def test_a_pronoun_agrees_with_its_verb(
    book: Writer, pronouns: str, right: set[str], wrong: set[str]
) -> None:
    stated = re.sub(r"\b(?:What|Why|How|Does|Must|Is|Are)\b[^?]*\?", "", book.text)
    following = re.findall(rf"\b(?:{pronouns})\s(\w+)", stated, flags=re.IGNORECASE)
    assert len(right.intersection(following)) > 10
    assert not wrong.intersection(following)


def test_a_noun_agrees_with_its_verb_across_a_relative_clause(book: Writer) -> None:
    text = book.text.replace("\n", " ")
    parted = re.findall(r"(\w+), (?:who|which) [^,.;:()!?]+, (\w+)", text)
    assert len(parted) > 10
    for noun, verb in parted:
        if noun in prose_words.KIND:
            assert verb not in (SINGULAR if prose_words.KIND[noun] == "p" else PLURAL)


def test_articles_suit_the_next_word(book: Writer) -> None:
    text = book.text.replace("\n", " ")
    assert re.search(r"\b[Aa]n [aeiou]", text)
    assert not re.search(r"\b(?:[Aa]n [^aeiou]|[Aa] [aeiou])", text)


def test_the_title_shifts_the_nouns(book: Writer) -> None:
    own = total = 0
    for section in re.split(r"\n\n(?=\d+\. )", book.text):
        title, _, body = section.partition("\n\n")
        topic = prose_words.TOPIC[title.split()[2].lower()]
        topics = [prose_words.TOPIC.get(word) for word in re.findall(r"[^\W\d_]+", body)]
        own += topics.count(topic)
        total += len(topics) - topics.count(None)
    assert own / total > 2 / len(prose_words.NOUNS)


def test_a_changed_letter_is_refused_or_costs_another_price(book: Writer) -> None:
    text = book.text
    for at in range(100, 1500, 90):
        changed = text[:at] + ("e" if text[at] != "e" else "o") + text[at + 1 :]
        reader = Reader(changed)
        try:
            prose.write(reader, CHARACTERS)
        except ValueError:
            continue
        assert reader.nats != pytest.approx(sum(book.nats), rel=1e-12)


def test_every_verb_has_one_class_and_no_name_is_a_common_word() -> None:
    forms = [form for number in VERBS for form in VERBS[number]]
    assert set(forms) <= set(CLASS)
    assert not {name.lower() for name in NAMES} & (set(prose_words.KIND) | set(CLASS))
