"""What may stand where in a line of the bundled lyrics, and how often."""

from functools import cache

from recurrent.data.synthetic import lyrics_words as vocabulary
from recurrent.data.synthetic.tape import Alternatives
from recurrent.data.synthetic.weights import Words, blend, ranked

OWN_MOOD = 8  # how much likelier a word is in a song of its mood

# How a song ends: at once, or with a call and the refrain once more.
ENDINGS = Alternatives({"\n": 6, "la la la\n": 3, "oh oh oh\n": 2, "na na na\n": 1})


# Words, by what they do in a line.

RHYMES = {rhyme: ranked(words, head=12) for rhyme, words in vocabulary.RHYMES.items()}
RHYME_OF = {word: rhyme for rhyme, words in RHYMES.items() for word in words}
MOOD_OF = {word: mood for mood, words in vocabulary.ADJECTIVES.items() for word in words.split()}
TRANSITIVE = ranked(vocabulary.TRANSITIVE, head=12)
ADVERBS = ranked(vocabulary.ADVERBS, head=12)
MODALS = ranked(vocabulary.MODALS)
TIMES = ranked(vocabulary.TIMES, head=12)
PLACES = {place + "里": weight for place, weight in ranked(vocabulary.INSIDE, head=12).items()}
PLACES |= {place + "上": weight for place, weight in ranked(vocabulary.UPON, head=12).items()}
MANNERS = ranked(vocabulary.MANNERS, head=12)
SCENES = ranked(vocabulary.SCENES, head=12)
PRONOUNS = {"我": 10, "你": 9, "她": 5, "他": 3, "谁": 2}
CALLS = {"oh ": 3, "hey ": 1, "baby ": 1}
NOUN_SHARES = {
    "sky": 22,
    "people": 14,
    "animals": 12,
    "things": 26,
    "ideas": 14,
    "food": 8,
    "body": 6,
}
ACTOR_SHARES = {"people": 40, "animals": 32, "sky": 28}  # what may be a subject


def named(shares: dict[str, int]) -> dict[str, int]:
    return blend(
        *((share, ranked(vocabulary.NOUNS[name], head=12)) for name, share in shares.items())
    )


NOUNS = named(NOUN_SHARES)
ACTORS = named(ACTOR_SHARES)
# The verbs that may open a line.
TURNS = {"分开": 6, "不分开": 4, "离开": 2, "不回头": 2, "长大": 2, "相遇": 2, "告别": 1, "出发": 1}
OF = {"的": 1}
END = {"\n": 1}


def in_mood(lists: dict[str, str], mood: str) -> dict[str, int]:
    return {
        word: weight * (OWN_MOOD if name == mood else 1)
        for name, words in lists.items()
        for word, weight in ranked(words, head=12).items()
    }


ADJECTIVES = {mood: in_mood(vocabulary.ADJECTIVES, mood) for mood in vocabulary.ADJECTIVES}
DEEDS = {mood: in_mood(vocabulary.DEEDS, mood) for mood in vocabulary.DEEDS}


def either(*classes: tuple[int, Words]) -> Alternatives:
    """One word of the classes; none begins another, as no space tells where a word ends."""
    alternatives = Alternatives(blend(*classes))
    begun = [word for word, cost in alternatives.ending_cost.items() if cost]
    if begun:
        raise ValueError(f"other words at the same place begin with {begun}")
    return alternatives


# A line, from its first word to the line break; every second one ends in the song's rhyme.

ANY_ADJECTIVE = either((1, in_mood(vocabulary.ADJECTIVES, "")))
ANY_RHYME = either(*((1, words) for words in RHYMES.values()))
NOUN = either((1, NOUNS))
PLACE = either((1, PLACES))
ACTOR = either((1, ACTORS))
SUBJECT = either((60, PRONOUNS), (40, ACTORS))
OF_OR_SUBJECT = either((50, PRONOUNS), (28, ACTORS), (22, OF))
OF_OR_END = either((25, OF), (75, END))
AND_OR_END = either((18, {"和": 1}), (82, END))
AFTER_DEED = either((60, OF), (40, {"以后": 3, "之前": 1}))
AFTER_MANNER = either((25, OF), (75, {"地": 1}))
TAKEN = either((1, TRANSITIVE))
VERB = {mood: either((55, TRANSITIVE), (45, deeds)) for mood, deeds in DEEDS.items()}
LAST = {rhyme: either((1, words)) for rhyme, words in RHYMES.items()}


@cache
def starts(mood: str) -> Alternatives:
    return either(
        (24, PRONOUNS),
        (12, TIMES),
        (12, PLACES),
        (14, ADJECTIVES[mood]),
        (10, ACTORS),
        (6, MANNERS),
        (4, SCENES),
        (6, TRANSITIVE),
        (9, TURNS),
        (3, CALLS),
    )


WAYS = {"像": 2, "在": 2}  # 像蝴蝶一样飞翔, 在城市里飞翔


@cache
def after_subject(mood: str, pronoun: bool, room: str, rhyming: bool) -> Alternatives:
    """What a subject may do; the longer ways only early in the line."""
    return either(
        (30, TRANSITIVE),
        (22, DEEDS[mood]),
        (0 if room == "little" else 28, ADVERBS),
        (12 if room == "much" else 0, MODALS),
        (12 if room == "much" else 0, WAYS if rhyming else WAYS | {"把": 3}),
        (30 if pronoun else 0, {"们": 2, "的": 1}),
    )


@cache
def things(mood: str, rhyme: str, bare: bool, long: bool) -> Alternatives:
    """How a noun phrase may begin that ends in the rhyme, if one is given."""
    return either(
        (45 if bare else 0, RHYMES[rhyme] if rhyme else NOUNS),
        (25 if long else 0, ADJECTIVES[mood]),
        (30 if long else 0, PRONOUNS),
    )
