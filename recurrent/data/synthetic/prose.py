"""English-looking aphorisms: numbered sections on a topic, in sentences that agree and close.

What a reader must remember to predict well: the topic of the title, which favours its nouns;
the number of a subject, across the clause that may part it from its verb; the quotation mark,
bracket or comma that is still open; the number of the section.
"""

from recurrent.data.synthetic.page import Page
from recurrent.data.synthetic.prose_choices import (
    NAMES,
    PREPOSITIONS,
    TRANSITIVE_CHOICE,
    subject_choice,
)
from recurrent.data.synthetic.prose_joints import (
    AFTER_COMMA,
    AFTER_SENTENCE,
    AFTER_SPACE,
    AFTER_TITLE,
    AUXILIARIES,
    CLOSED,
    COMMANDS,
    CONDITIONS,
    FULL_STOP,
    INFERENCES,
    LINKS,
    OPENERS,
    PEOPLE,
    QUESTIONS,
    QUOTE,
    QUOTE_ENDS,
    REFERENCES,
    SAYINGS,
    SPEAKERS,
    SUBORDINATING,
    TITLE_NOUNS,
    TITLE_OPENINGS,
    YEAR,
    after_bracket,
    after_colon,
    after_semicolon,
    askable,
    openings,
    quoted,
)
from recurrent.data.synthetic.prose_phrases import (
    Head,
    clause,
    complement,
    finish_clause,
    noun_phrase,
    object_phrase,
    verb_phrase,
)
from recurrent.data.synthetic.prose_words import TOPIC
from recurrent.data.synthetic.tape import Tape


def write(tape: Tape, characters: int) -> None:
    """Sections, until there are at least so many characters."""
    page = Page(tape)
    number = 0
    while tape.length < characters:
        number += 1
        page.say(f"{number}. ")
        section(page)


def section(page: Page) -> None:
    page.pick(TITLE_OPENINGS)
    page.topic = TOPIC[page.next(TITLE_NOUNS).lower()]
    if page.pick(AFTER_TITLE) == " and ":
        page.pick(TITLE_NOUNS)
        page.say("\n\n")
    sentence(page)
    while page.pick(AFTER_SENTENCE) != "\n\n":
        sentence(page)


def sentence(page: Page) -> None:
    first = page.pick(openings(page.topic))
    if first in QUESTIONS:
        question(page, first)
    elif first in CONDITIONS:
        clause(page)
        page.say(",")
        carry_on(page, clause(page))
    elif first in OPENERS:
        carry_on(page, clause(page))
    elif first in COMMANDS:
        carry_on(page, command(page, first))
    elif first in QUOTE:
        carry_on(page, quotation(page))
    else:
        carry_on(page, finish_clause(page, first))


NUMBERS = {"is": "singular", "does": "singular", "are": "plural", "do": "plural"}
KINDS = {"singular": "sm", "plural": "p"}  # and after a modal verb either


def question(page: Page, first: str) -> None:
    """ "Who is free?", "What does the saint love?", "Is justice a mask?" """
    if first == "Who":
        verb_phrase(page, "singular")
    else:
        auxiliary = page.next(AUXILIARIES[first]) if first in AUXILIARIES else first.lower()
        number = NUMBERS.get(auxiliary, "")
        kinds = KINDS.get(number, "spm")
        noun_phrase(page, page.next(askable(page.topic, kinds)), kinds)
        if auxiliary in ("is", "are"):
            if first != "What":
                complement(page, number)
        elif first == "What":
            page.next(TRANSITIVE_CHOICE["base"])
        else:
            verb_phrase(page, "base")
    page.say("?")


def command(page: Page, first: str) -> Head:
    """ "Let us laugh", "Beware of the saint", "Never praise a mask", "Forget your virtues"."""
    if first == "Beware":
        page.then("of")
        object_phrase(page)
    elif first == "Let":
        page.then("us")
        verb_phrase(page, "base")
    elif first == "Never":
        verb_phrase(page, "base")
    else:
        object_phrase(page)
    return Head("base", "")


def quotation(page: Page) -> Head:
    """What somebody says, closed; its subject is who says it."""
    finish_clause(page, page.pick(quoted(page.topic)))
    page.pick(QUOTE_ENDS)
    kind = "p" if page.next(SAYINGS) == "say" else "s"
    if page.next(SPEAKERS[kind]) not in NAMES:
        page.next(PEOPLE[kind])
    return Head("plural" if kind == "p" else "singular", "")


# What may follow a clause, up to the full stop.

LINKS_AT_MOST = 4


def carry_on(page: Page, subject: Head) -> None:
    """More clauses or none, and the full stop; after "and" the verb agrees with the subject."""
    for _ in range(LINKS_AT_MOST):
        link = page.mark(LINKS)
        if link in (".", "!"):
            return
        if link == " ":
            subject = subordinate(page, subject)
        elif link == ", ":
            if page.pick(AFTER_COMMA) == "and":
                verb_phrase(page, subject.number)
            else:
                subject = clause(page)
        elif link == "; ":
            first = page.pick(after_semicolon(page.topic))
            subject = clause(page) if first in INFERENCES else finish_clause(page, first)
        elif link == "--":
            subject = finish_clause(page, page.pick(subject_choice(page.topic)))
        else:
            first = page.pick(after_colon(page.topic))
            if first in QUOTE:
                finish_clause(page, page.pick(quoted(page.topic)))
                page.pick(CLOSED)
                return
            subject = finish_clause(page, first)
    page.pick(FULL_STOP)


def subordinate(page: Page, subject: Head) -> Head:
    """ "because ...", "in ...", "(...)"; returns what a later "and" goes on about."""
    word = page.pick(AFTER_SPACE)
    if word in PREPOSITIONS:
        object_phrase(page)
    elif word in SUBORDINATING:
        return clause(page)
    else:
        first = page.pick(after_bracket(page.topic))
        if first in REFERENCES:
            page.next(YEAR)
        else:
            finish_clause(page, first)
        page.say(")")
    return subject
