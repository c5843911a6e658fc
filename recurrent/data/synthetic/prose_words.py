"""The words of the bundled prose, the most frequent of each list first, and their forms."""

# topic: persons; things that can be counted; what has no plural
NOUNS = {
    "faith": (
        "saint priest god monk pope nun prophet martyr devil angel pilgrim",
        "soul prayer idol altar sin creed vow hymn oath relic miracle sermon cross temple",
        "faith hope guilt grace heaven hell eternity piety penance",
    ),
    "morals": (
        "judge sinner hero coward rogue thief neighbour hypocrite ascetic",
        "virtue vice law duty promise custom lie debt crime excuse motive penalty blow",
        "justice pity shame honour conscience cruelty gratitude malice remorse",
    ),
    "knowledge": (
        "thinker sceptic sage scholar fool pupil teacher doctor philosopher",
        "error doubt book idea proof riddle word cause fact view opinion system thesis",
        "truth logic science wisdom sense knowledge certainty language",
    ),
    "art": (
        "artist poet actor singer painter critic jester genius",
        "mask song style symbol dance poem statue verse tune lyre opera cliché jewel",
        "beauty art music taste poetry laughter harmony æsthetics",
    ),
    "love": (
        "man woman friend lover child mother enemy rival bride wife",
        "heart secret kiss tear passion wedding gift rose apple letter quarrel bed",
        "love trust envy lust friendship vanity modesty jealousy",
    ),
    "power": (
        "king slave master soldier tyrant beggar lord citizen jailer",
        "nation war crown sword party throne market treaty mob chain rank army",
        "power freedom fame money order glory progress peace",
    ),
    "nature": (
        "wanderer hermit hunter shepherd sailor zealot",
        "peak storm sea ape eagle star abyss cave tree river wolf desert worm bird snake",
        "solitude silence winter night sunlight growth snow ice",
    ),
    "self": (
        "spirit dreamer sufferer stranger youth idler",
        "instinct dream memory habit mood wound mirror joy nerve scar age whim",
        "life death will pride courage sleep rage patience boredom",
    ),
}
IRREGULAR_PLURALS = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "hero": "heroes",
    "wolf": "wolves",
    "thief": "thieves",
    "wife": "wives",
    "thesis": "theses",
}
NAMES = (
    "Plato Kant Homer Socrates Luther Dante Zeno Goethe Faust Job Voltaire Cato Ovid Hume Nero"
    " Seneca Bach Byron Cain Eve Pascal Sappho Solon Rousseau Xenophon Ulysses Quixote Spinoza"
)

# Determiners, their weights, and which nouns they may stand before:
# "s" singular, "p" plural, "m" those without a plural.
DETERMINERS = {
    "the": (46, "spm"),
    "a": (26, "s"),
    "an": (8, "s"),
    "our": (14, "spm"),
    "every": (9, "s"),
    "those": (30, "p"),
    "no": (8, "spm"),
    "this": (8, "sm"),
    "his": (10, "spm"),
    "all": (8, "pm"),
    "their": (6, "spm"),
    "many": (6, "p"),
    "these": (4, "p"),
    "my": (8, "spm"),
    "your": (5, "spm"),
    "man's": (3, "spm"),
    "most": (4, "p"),
    "some": (5, "p"),
    "such": (3, "pm"),
    "few": (4, "p"),
    "each": (5, "s"),
    "another": (2, "s"),
    "her": (6, "spm"),
    "its": (4, "spm"),
    "nature's": (1, "spm"),
}

ADJECTIVES = (
    "great good noble free human old deep cold proud sick evil new bold pure dark rare weak hard"
    " wise blind tame false cruel mad young gay sweet bad vain holy dull poor rich true calm brave"
    " lonely pale warm mean soft slow sly shy wild sad dead dry dim raw mild loud late small high"
    " low clear coarse crude fair fierce fine firm frail full glad grim harsh hot keen lame lazy"
    " lean meek mute odd open plain quick rash rude safe sane shrewd solemn sour stale stern stiff"
    " strict tender thin tired vast wicked worn subtle supple tragic sincere naïve bitter empty"
    " strange eternal strong common shallow cheerful dangerous ancient innocent vulgar ripe heavy"
    " severe fertile wasted idle foolish kind grave superfluous equal modern brief bleak blunt"
)

# Verbs that take an object; that take none; "that" and a clause; "to" and a verb; an adjective.
TRANSITIVE = (
    "love need know hate seek despise fear teach praise use want make lose give serve help find"
    " forget deceive judge honour ask bear call blame guard harm hide save obey rule trust doubt"
    " cure name hunt kill mock move pity pay lift lure mend haunt overcome create conquer follow"
    " forgive destroy admire betray excuse punish reward flatter tempt heal weaken refute bless"
    " curse choose envy command invent condemn avoid enjoy ignore seduce poison adorn crush endure"
    " awaken bite test thank veil warn watch weigh wound bury chase burn greet imitate understand"
    " question"
)
INTRANSITIVE = (
    "live suffer laugh die lie speak dream return sleep grow dance wander fall vanish perish sing"
    " rest cry wait smile hope fade sink bleed weep pray work lead rise boast doze shiver tremble"
    " hesitate decay ripen wither"
)
CLAUSAL = "believe think say see suspect imagine prove feel suppose deny swear argue"
STRIVING = "wish dare learn long refuse hasten deserve aspire"
LINKING = "become remain seem appear"
IRREGULAR_PARTICIPLES = {
    "know": "known",
    "seek": "sought",
    "teach": "taught",
    "forget": "forgotten",
    "make": "made",
    "overcome": "overcome",
    "give": "given",
    "bear": "borne",
    "forgive": "forgiven",
    "hide": "hidden",
    "understand": "understood",
    "choose": "chosen",
    "lose": "lost",
    "find": "found",
    "pay": "paid",
    "bite": "bitten",
}
ADVERBS = (
    "never always often only also now still seldom soon merely once even gladly truly hardly"
    " slowly rarely deeply freely wholly proudly secretly quietly scarcely eagerly blindly"
)

# How a subordinate clause begins, and how a phrase does.
SUBORDINATORS = "because when if as while until unless though where before whenever"
PREPOSITIONS = "in of for without with among like against beyond through under behind above"


def plural(noun: str) -> str:
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    return third_person(noun)


def third_person(verb: str) -> str:
    """What "he" makes of a verb; regular plurals are spelt the same way."""
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s")


def participle(verb: str) -> str:
    if verb in IRREGULAR_PARTICIPLES:
        return IRREGULAR_PARTICIPLES[verb]
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + ("d" if verb.endswith("e") else "ed")


def _forms(persons: str, things: str, mass: str) -> dict[str, list[str]]:
    singular = [*persons.split(), *things.split()]
    return {"s": singular, "p": [plural(noun) for noun in singular], "m": mass.split()}


FORMS = {topic: _forms(*lists) for topic, lists in NOUNS.items()}  # topic -> kind -> nouns
KIND = {noun: kind for forms in FORMS.values() for kind in forms for noun in forms[kind]}
TOPIC = {noun: topic for topic, forms in FORMS.items() for kind in forms for noun in forms[kind]}
PERSONS = {
    form(noun)
    for persons, _, _ in NOUNS.values()
    for noun in persons.split()
    for form in (str, plural)
}
