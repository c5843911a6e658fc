"""How the sentences of the bundled prose open, are joined and close, and how often."""

from functools import cache

from recurrent.data.synthetic.page import Marks
from recurrent.data.synthetic.prose_choices import NAMES, PREPOSITIONS, capital, subjects
from recurrent.data.synthetic.prose_words import KIND, PERSONS, SUBORDINATORS
from recurrent.data.synthetic.tape import Alternatives
from recurrent.data.synthetic.weights import choice, ranked

TITLE_OPENINGS = Alternatives({"On": 6, "Of": 5, "Against": 2, "Concerning": 2})
TITLE_NOUNS = choice((1, capital({noun: 1 for noun in KIND if KIND[noun] != "s"})))
AFTER_TITLE = Alternatives({"\n\n": 2, " and ": 1})
AFTER_SENTENCE = Alternatives({" ": 78, "\n   ": 12, "\n\n": 10})  # or a paragraph, or a section


# Sentences, by how they open.

CONDITIONS = {"If": 6, "When": 4, "Where": 2, "Because": 1, "Although": 1, "While": 1}
OPENERS = {"But": 8, "Yet": 6, "For": 5, "And": 4, "Thus": 3, "Perhaps": 2}
COMMANDS = {"Let": 4, "Beware": 3, "Forget": 2, "Remember": 2, "Consider": 2, "Never": 2}
QUESTIONS = {"What": 5, "Why": 5, "Who": 4, "Does": 3, "Is": 3, "How": 2, "Are": 2, "Must": 1}
QUOTE = {'"': 1}


@cache
def openings(topic: str) -> Alternatives:
    return choice(
        (60, capital(subjects(topic))),
        (8, CONDITIONS),
        (14, OPENERS),
        (4, COMMANDS),
        (8, QUESTIONS),
        (6, QUOTE),
    )


AUXILIARIES = {
    "What": Alternatives({"is": 6, "are": 3, "does": 5, "do": 3}),
    "Why": Alternatives({"does": 6, "do": 5, "must": 4, "is": 4, "are": 3, "should": 3}),
    "How": Alternatives({"can": 6, "could": 4, "does": 3, "do": 3, "should": 2}),
}


@cache
def askable(topic: str, kinds: str) -> Alternatives:
    return choice((1, subjects(topic, kinds)))


QUOTE_ENDS = Alternatives({',"': 6, '!"': 2, '?"': 1})
SAYINGS = Alternatives({"says": 8, "say": 4, "thinks": 2, "whispers": 2, "cries": 1, "answers": 1})
SPEAKERS = {
    "s": choice((60, {"the": 1}), (40, NAMES)),
    "p": choice((1, {"the": 5, "our": 3, "all": 2, "most": 1})),
}
PEOPLE = {
    kind: choice((1, {noun: 1 for noun in sorted(PERSONS) if KIND[noun] == kind})) for kind in "sp"
}
LINKS = Marks({".": 38, " ": 24, ", ": 22, "; ": 7, "!": 4, ": ": 4, "--": 3})
FULL_STOP = Alternatives({".": 8, "!": 1})
CONJUNCTIONS = {"but": 8, "yet": 4, "for": 8, "so": 3, "or": 3, "while": 2, "just as": 1}
INFERENCES = {"therefore": 3, "hence": 2, "even so": 1, "in truth": 1}
REFERENCES = {"as in": 2, "since": 1, "before": 1}
AFTER_COMMA = choice((45, {"and": 1}), (55, CONJUNCTIONS))
SUBORDINATING = ranked(SUBORDINATORS, head=3)
AFTER_SPACE = choice((50, PREPOSITIONS), (40, SUBORDINATING), (10, {"(": 1}))
CLOSED = Alternatives({'."': 6, '!"': 2, '?"': 1})
YEAR = Alternatives({str(year): 1 for year in range(1600, 1900)})


@cache
def quoted(topic: str) -> Alternatives:
    return choice((1, capital(subjects(topic))))


@cache
def after_colon(topic: str) -> Alternatives:
    return choice((65, subjects(topic)), (35, QUOTE))


@cache
def after_semicolon(topic: str) -> Alternatives:
    return choice((75, subjects(topic)), (25, INFERENCES))


@cache
def after_bracket(topic: str) -> Alternatives:
    return choice((70, subjects(topic)), (30, REFERENCES))
