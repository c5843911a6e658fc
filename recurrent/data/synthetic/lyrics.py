"""Chinese-looking song lyrics: verses and a refrain that comes back, in one mood and one rhyme.

What a reader must remember to predict well: the refrain, which returns word for word; the
first line of the song, whose adjective sets the mood and whose last word sets the rhyme of
every second line; whether the line has grown long.
"""

from recurrent.data.synthetic.lyrics_choices import (
    ACTOR,
    ACTORS,
    ADJECTIVES,
    AFTER_DEED,
    AFTER_MANNER,
    AND_OR_END,
    ANY_ADJECTIVE,
    ANY_RHYME,
    CALLS,
    DEEDS,
    ENDINGS,
    LAST,
    MANNERS,
    MOOD_OF,
    NOUN,
    OF_OR_END,
    OF_OR_SUBJECT,
    PLACE,
    PLACES,
    PRONOUNS,
    RHYME_OF,
    SCENES,
    SUBJECT,
    TAKEN,
    TIMES,
    TRANSITIVE,
    VERB,
    after_subject,
    starts,
    things,
)
from recurrent.data.synthetic.tape import Alternatives, Tape

SHORTEST = 5  # characters of a line, unless it is "我的" and a noun


class Song:
    """A tape, and what the song's first line announced."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.pieces: list[str] = []
        self.column = 0
        self.mood = ""
        self.rhyme = ""

    def pick(self, alternatives: Alternatives) -> str:
        piece = self._tape.pick(alternatives)
        self._advance(piece)
        return piece

    def say(self, piece: str) -> None:
        self._tape.say(piece)
        self._advance(piece)

    def _advance(self, piece: str) -> None:
        self.pieces.append(piece)
        self.column = 0 if piece.endswith("\n") else self.column + len(piece)


def write(tape: Tape, characters: int) -> None:
    """Songs, until there are at least so many characters."""
    while tape.length < characters:
        sing(Song(tape))


def sing(song: Song) -> None:
    first_line(song)
    line(song, rhyming=True)
    couplet(song)
    before = len(song.pieces)
    couplet(song)
    couplet(song)
    refrain = "".join(song.pieces[before:])
    couplet(song)
    couplet(song)
    song.say(refrain)
    if song.pick(ENDINGS) != "\n":
        song.say(refrain)
        song.say("\n")


def couplet(song: Song) -> None:
    line(song, rhyming=False)
    line(song, rhyming=True)


def first_line(song: Song) -> None:
    song.mood = MOOD_OF[song.pick(ANY_ADJECTIVE)]
    song.say("的")
    song.rhyme = RHYME_OF[song.pick(ANY_RHYME)]
    song.say("\n")


def line(song: Song, rhyming: bool) -> None:
    """When, where or how, and who does what."""
    word = song.pick(starts(song.mood))
    if word in PRONOUNS or word in ACTORS:
        clause(song, word, rhyming)
    elif word in CALLS:  # oh 我们跳舞
        clause(song, song.pick(SUBJECT), rhyming)
    elif word in TIMES or word in PLACES:  # 那年的微笑, 城市里蝴蝶飞翔
        after = song.pick(OF_OR_SUBJECT)
        if after == "的":
            last_noun(song, rhyming)
        else:
            clause(song, after, rhyming)
    elif word in ADJECTIVES[song.mood]:  # 孤单的蝴蝶离开
        song.say("的")
        clause(song, song.pick(ACTOR), rhyming)
    elif word in MANNERS:  # 小心翼翼地打开信纸
        if song.pick(AFTER_MANNER) == "的":
            last_noun(song, rhyming)
        else:
            deed(song, song.pick(VERB[song.mood]), rhyming)
    elif word in SCENES:  # 人山人海的街头
        song.say("的")
        last_noun(song, rhyming)
    elif word in TRANSITIVE:  # 想起你的温柔
        thing(song, rhyming)
    elif word.startswith("不"):  # 不分开的理由
        song.say("的")
        last_noun(song, rhyming)
    elif song.pick(AFTER_DEED) == "的":  # 分开的理由
        last_noun(song, rhyming)
    else:  # 分开以后我想起你的温柔
        clause(song, song.pick(SUBJECT), rhyming)


def clause(song: Song, subject: str, rhyming: bool) -> None:
    predicate(song, subject in PRONOUNS and subject != "谁", rhyming)


def predicate(song: Song, pronoun: bool, rhyming: bool) -> None:
    room = "much" if song.column <= 3 else "some" if song.column <= 6 else "little"
    word = song.pick(after_subject(song.mood, pronoun, room, rhyming))
    if word == "们":
        predicate(song, False, rhyming)
    elif word == "的":  # 我的照片
        last_noun(song, rhyming)
    elif word == "把":  # 把信纸折叠
        song.pick(NOUN)
        song.pick(TAKEN)
        song.say("\n")
    elif word in TRANSITIVE or word in DEEDS[song.mood]:
        deed(song, word, rhyming)
    else:
        if word == "像":
            song.pick(ACTOR)
            song.say("一样")
        elif word == "在":
            song.pick(PLACE)
        deed(song, song.pick(VERB[song.mood]), rhyming)


def deed(song: Song, verb: str, rhyming: bool) -> None:
    """What comes after the verb, to the end of the line."""
    if verb in TRANSITIVE:
        thing(song, rhyming)
    elif rhyming or song.column < SHORTEST:  # 蝴蝶飞翔的天空
        song.say("的")
        last_noun(song, rhyming)
    elif song.pick(OF_OR_END) == "的":
        last_noun(song, rhyming)


def thing(song: Song, rhyming: bool) -> None:
    """A noun, perhaps with its adjective or its owner, and the end of the line."""
    bare, long = song.column >= SHORTEST - 2, song.column <= 7
    word = song.pick(things(song.mood, song.rhyme if rhyming else "", bare, long))
    if word in PRONOUNS or word in ADJECTIVES[song.mood]:
        song.say("的")
        last_noun(song, rhyming)
    else:
        close(song, rhyming)


def last_noun(song: Song, rhyming: bool) -> None:
    song.pick(LAST[song.rhyme] if rhyming else NOUN)
    close(song, rhyming)


def close(song: Song, rhyming: bool) -> None:
    """The line break; where no rhyme was due, perhaps after a second noun."""
    if rhyming or song.column > 9:
        song.say("\n")
    elif song.pick(AND_OR_END) == "和":
        song.pick(NOUN)
        song.say("\n")
