"""What may stand where in the bundled prose, and how often: the weights of its phrases."""

from collections.abc import Callable
from functools import cache

from recurrent.data.synthetic import prose_words as vocabulary
from recurrent.data.synthetic.page import Marks
from recurrent.data.synthetic.prose_words import DETERMINERS, FORMS
from recurrent.data.synthetic.tape import Alternatives
from recurrent.data.synthetic.weights import Words, blend, choice, ranked

OWN_TOPIC = 6  # how much likelier a noun is in a section on its topic


# Noun phrases: "the saint", "all noble passions", "justice", "he who".

ADJECTIVES = ranked(vocabulary.ADJECTIVES, head=80)
NAMES = ranked(vocabulary.NAMES, head=20)
NUMBER = {"I": "first"} | dict.fromkeys(["we", "they", "you", "those"], "plural")
SUBJECTS = {"we": 10, "he": 10, "they": 7, "one": 8, "I": 9, "she": 4, "it": 3, "you": 4}
OBJECTS = {"him": 8, "us": 8, "them": 7, "nothing": 5, "everything": 4, "something": 3, "much": 3}
RELATIVES: dict[str, Words] = {
    "person": {"who": 6, "whom": 3, "whose": 1},
    "thing": {"which": 5, "that": 4},
    "antecedent": {"who": 1},  # of "he", "those"
}


def nouns(topic: str, kinds: str) -> dict[str, int]:
    return {
        noun: weight * (OWN_TOPIC if other == topic else 1)
        for other, forms in FORMS.items()
        for kind in kinds
        for noun, weight in ranked(forms[kind], head=80).items()
    }


def starting(words: Words, determiner: str) -> Words:
    """Those of the words that go with "a" or "an", where it is one of the two."""
    vowels = {"a": False, "an": True}
    if determiner not in vowels:
        return words
    return {w: n for w, n in words.items() if (w[0] in "aeiou") == vowels[determiner]}


@cache
def after_determiner(topic: str, determiner: str, kinds: str) -> Alternatives:
    bare = starting(nouns(topic, kinds), determiner)
    return choice(
        (62, bare),
        (38, starting(ADJECTIVES, determiner)),
        (60 if determiner == "those" else 0, RELATIVES["antecedent"]),
    )


@cache
def after_adjective(topic: str, kinds: str) -> Alternatives:
    return choice((84, nouns(topic, kinds)), (16, ADJECTIVES))


@cache
def noun_choice(topic: str) -> Alternatives:
    return choice((1, nouns(topic, "spm")))


def determiners(kinds: str) -> Words:
    return {d: w for d, (w, allowed) in DETERMINERS.items() if set(allowed) & set(kinds)}


def phrase_starts(topic: str, pronouns: Words, kinds: str) -> dict[str, int]:
    return blend(
        (54, determiners(kinds)),
        (9 if "p" in kinds else 0, nouns(topic, "p")),
        (13 if "m" in kinds else 0, nouns(topic, "m")),
        (8, ADJECTIVES),
        (5 if "s" in kinds else 0, NAMES),
        (20, pronouns),
    )


def capital(words: Words) -> dict[str, int]:
    return {word[0].upper() + word[1:]: weight for word, weight in words.items()}


@cache
def objects(topic: str) -> Alternatives:
    return choice((1, phrase_starts(topic, OBJECTS, "spm")))


# Verb phrases: "despises the crowd", "are seldom loved", "must learn to laugh".

INFLECT: dict[str, Callable[[str], str]] = {
    "singular": vocabulary.third_person,
    "plural": str,
    "first": str,
    "base": str,
}
COPULA = {"singular": "is", "plural": "are", "first": "am", "base": "be"}
MODALS = {
    "must": 8,
    "can": 7,
    "will": 6,
    "cannot": 4,
    "should": 5,
    "may": 5,
    "could": 2,
    "_must_": 1,
}
VERB_CLASSES = {
    "transitive": (40, ranked(vocabulary.TRANSITIVE, head=60)),
    "intransitive": (22, ranked(vocabulary.INTRANSITIVE, head=30)),
    "clausal": (6, ranked(vocabulary.CLAUSAL)),
    "striving": (5, ranked(vocabulary.STRIVING)),
    "linking": (4, ranked(vocabulary.LINKING, head=2)),
}
ADVERBS = ranked(vocabulary.ADVERBS, head=12)
CLASS = {
    inflect(verb): name
    for inflect in INFLECT.values()
    for name, (_, verbs) in VERB_CLASSES.items()
    for verb in verbs
}
CLASS |= dict.fromkeys(COPULA.values(), "copula") | dict.fromkeys(MODALS, "modal")
CLASS |= dict.fromkeys(ADVERBS, "adverb")


def inflected(words: Words, number: str) -> Words:
    return {INFLECT[number](verb): weight for verb, weight in words.items()}


FULL_VERBS = {
    number: blend(*((share, inflected(verbs, number)) for share, verbs in VERB_CLASSES.values()))
    for number in INFLECT
}
VERBS = {
    number: blend(
        (66, FULL_VERBS[number]),
        (16, {COPULA[number]: 1}),
        *(() if number == "base" else ((10, MODALS), (12, ADVERBS))),
    )
    for number in INFLECT
}
VERB_CHOICE = {number: Alternatives(verbs) for number, verbs in VERBS.items()}
FULL_VERB_CHOICE = {number: Alternatives(verbs) for number, verbs in FULL_VERBS.items()}
TRANSITIVE_CHOICE = {
    number: Alternatives(inflected(VERB_CLASSES["transitive"][1], number)) for number in INFLECT
}
ADJECTIVE = Alternatives(ADJECTIVES)
PARTICIPLES = {
    vocabulary.participle(verb): weight for verb, weight in VERB_CLASSES["transitive"][1].items()
}
PREPOSITIONS = ranked(vocabulary.PREPOSITIONS, head=5)
COMPLEMENTS = {"singular": "sm", "first": "s", "base": "sm", "plural": "p"}
COMPARISONS = {"not": 6, "more": 6, "too": 5, "as": 4, "less": 2, "_not_": 1}


@cache
def complements(topic: str, number: str, compared: bool) -> Alternatives:
    """What may follow "is", and again what may follow "is not"."""
    kinds = COMPLEMENTS[number]
    return choice(
        (44, ADJECTIVES),
        (12, PARTICIPLES),
        (30, {d: w for d, w in determiners(kinds).items() if d != "those"}),
        (8 if number == "plural" else 0, nouns(topic, "p")),
        (0 if compared else 18, COMPARISONS),
    )


# Clauses: "the saint, who despises us, is a mask".

SUBJECT_MARKS = Marks({" ": 93, ", ": 7})
ASIDES = {"indeed": 4, "however": 4, "alas": 2, "perhaps": 4, "it seems": 2, "after all": 2}


@cache
def after_subject(number: str, relatives: str) -> Alternatives:
    """The verb, or else what comes between."""
    return choice(
        (82, VERBS[number]),
        (8 if relatives else 0, RELATIVES.get(relatives, {})),
        (10 if relatives in ("person", "thing") else 0, PREPOSITIONS),
    )


@cache
def after_comma(relatives: str) -> Alternatives:
    who = "who" if relatives == "person" else "which"
    return choice((50, ASIDES), (50 if relatives in ("person", "thing") else 0, {who: 1}))


@cache
def subjects(topic: str, kinds: str = "spm") -> dict[str, int]:
    """How a subject may begin; of one number only if the kinds are."""
    fitting = {
        p: w
        for p, w in SUBJECTS.items()
        if p != "I" and (NUMBER.get(p) == "plural") == (kinds == "p")
    }
    return phrase_starts(topic, SUBJECTS if kinds == "spm" else fitting, kinds)


@cache
def subject_choice(topic: str) -> Alternatives:
    return Alternatives(subjects(topic))
