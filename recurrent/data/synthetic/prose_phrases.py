"""The phrases and clauses of the bundled prose: each function says or picks one to its end."""

from typing import NamedTuple

from recurrent.data.synthetic.page import Page
from recurrent.data.synthetic.prose_choices import (
    ADJECTIVE,
    ADJECTIVES,
    ASIDES,
    CLASS,
    COMPARISONS,
    COMPLEMENTS,
    FULL_VERB_CHOICE,
    NAMES,
    NUMBER,
    PARTICIPLES,
    PREPOSITIONS,
    RELATIVES,
    SUBJECT_MARKS,
    TRANSITIVE_CHOICE,
    VERB_CHOICE,
    after_adjective,
    after_comma,
    after_determiner,
    after_subject,
    complements,
    noun_choice,
    objects,
    subject_choice,
)
from recurrent.data.synthetic.prose_words import DETERMINERS, KIND, PERSONS


class Head(NamedTuple):
    """What a noun phrase leaves for its verb, and for a clause that may come between."""

    number: str  # "singular", "plural", "first" (I am) or "base" (be)
    relatives: str  # a key of RELATIVES, or "" where none may follow


def plain(word: str) -> str:
    return word if word == "I" or word in NAMES else word.lower()


def noun_phrase(page: Page, first: str, kinds: str = "spm") -> Head:
    """The rest of the noun phrase that begins with `first`."""
    first = plain(first)
    if first in DETERMINERS:
        kinds = "".join(kind for kind in kinds if kind in DETERMINERS[first][1])
        noun = page.next(after_determiner(page.topic, first, kinds))
    elif first in ADJECTIVES:
        noun = first
        kinds = "".join(kind for kind in kinds if kind in "pm")
    else:
        noun = first
    while noun in ADJECTIVES:
        noun = page.next(after_adjective(page.topic, kinds))
    if noun in RELATIVES["antecedent"]:  # "those who"
        verb_phrase(page, "plural")
        return Head("plural", "")
    if noun in KIND:
        number = "plural" if KIND[noun] == "p" else "singular"
        return Head(number, "person" if noun in PERSONS else "thing")
    number = NUMBER.get(noun, "singular")
    return Head(number, "person" if noun in NAMES else "antecedent" if noun == "he" else "")


def object_phrase(page: Page) -> None:
    noun_phrase(page, page.next(objects(page.topic)))


def complement(page: Page, number: str, compared: bool = False) -> None:
    word = page.next(complements(page.topic, number, compared))
    if word in ("not", "_not_"):
        complement(page, number, compared=True)
    elif word in COMPARISONS:
        page.next(ADJECTIVE)
        if word == "too":
            page.then("to")
            verb_phrase(page, "base")
        else:
            page.then("as" if word == "as" else "than")
            object_phrase(page)
    elif word not in PARTICIPLES and word not in ADJECTIVES:
        noun_phrase(page, word, COMPLEMENTS[number])


def verb_phrase(page: Page, number: str) -> None:
    finish_verb(page, page.next(VERB_CHOICE[number]), number)


def finish_verb(page: Page, verb: str, number: str) -> None:
    """What the verb asks for."""
    match CLASS[verb]:
        case "transitive":
            object_phrase(page)
        case "copula":
            complement(page, number)
        case "linking":
            page.next(ADJECTIVE)
        case "modal":
            verb_phrase(page, "base")
        case "adverb":
            finish_verb(page, page.next(FULL_VERB_CHOICE[number]), number)
        case "striving":
            page.then("to")
            verb_phrase(page, "base")
        case "clausal":
            page.then("that")
            clause(page)


def clause(page: Page) -> Head:
    return finish_clause(page, page.next(subject_choice(page.topic)))


def finish_clause(page: Page, first: str) -> Head:
    """The rest of the clause whose subject begins with `first`; returns the subject."""
    head = noun_phrase(page, first)
    if page.mark(SUBJECT_MARKS) == ", ":
        word = page.pick(after_comma(head.relatives))
        if word not in ASIDES:
            verb_phrase(page, head.number)
        page.say(",")
        verb_phrase(page, head.number)
        return head
    word = page.pick(after_subject(head.number, head.relatives))
    if word in CLASS:
        finish_verb(page, word, head.number)
        return head
    if word in PREPOSITIONS:
        object_phrase(page)
    else:
        relative_clause(page, word, head)
    verb_phrase(page, head.number)
    return head


def relative_clause(page: Page, relative: str, head: Head) -> None:
    """ "who" and a verb that agrees with the head, or "whom" and a clause that lacks its object."""
    if relative in ("who", "which"):
        verb_phrase(page, head.number)
    elif relative == "whose":
        noun = page.next(noun_choice(page.topic))
        verb_phrase(page, "plural" if KIND[noun] == "p" else "singular")
    else:
        owner = noun_phrase(page, page.next(subject_choice(page.topic)))
        page.next(TRANSITIVE_CHOICE[owner.number])
