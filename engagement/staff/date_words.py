"""The words that dates and times are written with, for each language, accents and capitals folded away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

Phrase = tuple[str, ...]


def _phrases(text: str) -> frozenset[Phrase]:
    return frozenset(tuple(phrase.split()) for phrase in text.split("|"))


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _numbered(text: str, first: int = 0) -> dict[str, int]:
    """Groups of spellings, in order: "mon monday|tue tuesday" gives mon 0, monday 0, tue 1, tuesday 1."""
    return {word: first + place for place, group in enumerate(text.split("|")) for word in group.split()}


@dataclass(frozen=True)
class Span:
    """ "in 3 days": the opening word and the unit must be of one language, or "report over 3 weeks" is a date."""

    leads: frozenset[str]
    units: Mapping[str, str]
    working: frozenset[str]
    ahead: frozenset[Phrase]
    ago: frozenset[Phrase]


@dataclass(frozen=True)
class Words:
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    numbers: Mapping[str, int]
    days: Mapping[Phrase, int]
    parts: Mapping[str, str]
    today_parts: Mapping[Phrase, str]
    part_leads: frozenset[Phrase]
    spans: tuple[Span, ...]
    # Short weekdays that are words of their own: read only beside a preposition, a date or a time.
    short_weekdays: Mapping[str, int] = field(default_factory=dict)
    noon: frozenset[str] = frozenset()
    midnight: frozenset[str] = frozenset()
    oclock: frozenset[str] = frozenset()
    hour_words: Mapping[str, int] = field(default_factory=dict)
    am: frozenset[str] = frozenset()
    pm: frozenset[str] = frozenset()
    # "half past four" and "half vijf" are an hour apart.
    past_four: Mapping[Phrase, int] = field(default_factory=dict)
    hour_leads: frozenset[str] = frozenset()
    by: frozenset[Phrase] = frozenset()
    on: frozenset[Phrase] = frozenset()
    before: frozenset[Phrase] = frozenset()
    tails: frozenset[Phrase] = frozenset()
    undue: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    this: frozenset[str] = frozenset()
    next: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    week: frozenset[str] = frozenset()
    weekend: frozenset[str] = frozenset()
    month: frozenset[str] = frozenset()
    year: frozenset[str] = frozenset()
    day: frozenset[str] = frozenset()
    end: frozenset[Phrase] = frozenset()
    end_of: Mapping[str, str] = field(default_factory=dict)
    ordinals: frozenset[str] = frozenset()
    the: frozenset[str] = frozenset()
    half: frozenset[str] = frozenset()
    # May stand after a bare hour ("at 9 with Ana") without making it a house number.
    follow: frozenset[str] = frozenset()
    # "vrijdagmiddag", "morgenochtend": a day and a part of it.
    compounds: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # A number is looked at only when one of these follows it, or an "at" stands before it.
    after_numbers: frozenset[str] = frozenset()
    # Written small, these are other words too.
    shy: frozenset[str] = frozenset()


ENGLISH = Words(
    weekdays=_numbered(
        "mon monday|tue tues tuesday|wed weds wednesday|thu thur thurs thursday|fri friday|sat saturday|sun sunday"
    ),
    months=_numbered(
        "jan january|feb febr february|mar march|apr april|may|jun june|jul july|aug august"
        "|sep sept september|oct october|nov november|dec december",
        first=1,
    ),
    numbers=_numbered("a an one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve", first=1),
    days={
        ("today",): 0,
        ("tomorrow",): 1,
        ("tmrw",): 1,
        ("tomorow",): 1,
        ("the", "day", "after", "tomorrow"): 2,
        ("day", "after", "tomorrow"): 2,
        ("yesterday",): -1,
        ("the", "day", "before", "yesterday"): -2,
        ("day", "before", "yesterday"): -2,
    },
    parts={"morning": "am", "afternoon": "pm", "evening": "evening", "night": "night", "lunchtime": "lunch"},
    today_parts={
        ("this", "morning"): "am",
        ("this", "afternoon"): "pm",
        ("this", "evening"): "evening",
        ("tonight",): "evening",
    },
    part_leads=_phrases("in the|at|in"),
    spans=(
        Span(
            leads=_set("in within"),
            units={
                **dict.fromkeys(("minute", "minutes", "min", "mins"), "minute"),
                **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), "hour"),
                **dict.fromkeys(("day", "days"), "day"),
                **dict.fromkeys(("week", "weeks", "wk", "wks"), "week"),
                **dict.fromkeys(("fortnight", "fortnights"), "fortnight"),
                **dict.fromkeys(("month", "months"), "month"),
                **dict.fromkeys(("year", "years"), "year"),
                **dict.fromkeys(("workdays", "workday", "weekdays"), "workday"),
            },
            working=_set("working business work"),
            ahead=_phrases("from now|from today|hence"),
            ago=_phrases("ago"),
        ),
    ),
    noon=_set("noon midday"),
    midnight=_set("midnight"),
    oclock=_set("o'clock oclock"),
    am=_set("am a.m. a.m"),
    pm=_set("pm p.m. p.m"),
    past_four={
        ("half", "past"): 30,
        ("quarter", "past"): 15,
        ("a", "quarter", "past"): 15,
        ("quarter", "to"): -15,
        ("a", "quarter", "to"): -15,
        ("ten", "past"): 10,
        ("ten", "to"): -10,
        ("five", "past"): 5,
        ("five", "to"): -5,
        ("twenty", "past"): 20,
        ("twenty", "to"): -20,
    },
    hour_leads=_set("at by before until till from between @"),
    by=_phrases(
        "by|until|till|due|due by|due on|due at|no later than|not later than|by no later than|at the latest by|latest"
        "|on or before|deadline|deadline is"
    ),
    on=_phrases("on|at|for|the|by the|on the|before the|until the|come|around|about"),
    before=_phrases("before"),
    tails=_phrases("at the latest|latest|sharp|at the very latest"),
    undue=_set("after since from every each dated not starting other alternate first second third fourth beginning"),
    of=_set("of"),
    this=_set("this coming"),
    next=_set("next"),
    last=_set("last"),
    week=_set("week"),
    weekend=_set("weekend"),
    month=_set("month"),
    year=_set("year"),
    day=_set("day today business play"),
    end=_phrases("end of the|end of|end|the end of|the end of the|close of|close of the"),
    end_of={"eod": "day", "cob": "day", "eow": "week", "eom": "month", "eoy": "year"},
    ordinals=_set("st nd rd th"),
    the=_set("the"),
    half=_set("half"),
    follow=_set("with for to and or sharp about re via in by on at please"),
    shy=_set("sat sun wed may mar march"),
)

AFRIKAANS = Words(
    weekdays=_numbered("maandag|dinsdag|woensdag|donderdag|vrydag|saterdag|sondag"),
    short_weekdays=_numbered("ma|di|wo|do|vr vry|sa sat|so son"),
    months=_numbered(
        "jan januarie|feb februarie|mrt maart|apr april|mei|jun junie|jul julie|aug augustus"
        "|sep sept september|okt oktober|nov november|des desember",
        first=1,
    ),
    numbers=_numbered("'n een|twee|drie|vier|vyf|ses|sewe|agt|nege|tien|elf|twaalf", first=1),
    days={
        ("vandag",): 0,
        # "more" without its roof is an English word: the reader treats it as shy.
        ("more",): 1,
        ("oormore",): 2,
        ("gister",): -1,
        ("eergister",): -2,
    },
    parts={
        "oggend": "am",
        "soggens": "am",
        "voormiddag": "am",
        "vroeg": "am",
        "middag": "pm",
        "smiddags": "pm",
        "namiddag": "pm",
        "aand": "evening",
        "saans": "evening",
        "snags": "night",
    },
    today_parts={
        ("vanoggend",): "am",
        ("vanmiddag",): "pm",
        ("vanaand",): "evening",
    },
    part_leads=_phrases("die|in die|'s"),
    spans=(
        Span(
            leads=_set("oor binne in"),
            units={
                **dict.fromkeys(("minuut", "minute", "minuten", "min"), "minute"),
                **dict.fromkeys(("uur", "ure"), "hour"),
                **dict.fromkeys(("dag", "dae"), "day"),
                **dict.fromkeys(("week", "weke"), "week"),
                **dict.fromkeys(("maand", "maande"), "month"),
                **dict.fromkeys(("jaar", "jare"), "year"),
                **dict.fromkeys(("werksdag", "werksdae", "werkdag", "werkdae"), "workday"),
            },
            working=frozenset(),
            ahead=_phrases("van nou af|van vandag af"),
            ago=_phrases("gelede"),
        ),
    ),
    noon=_set("middaguur twaalfuur"),
    midnight=_set("middernag"),
    oclock=_set("uur"),
    hour_words=_numbered("eenuur|tweeuur|drieuur|vieruur|vyfuur|sesuur|seweuur|agtuur|negeuur|tienuur|elfuur", first=1),
    am=_set("vm v.m. v.m"),
    pm=_set("nm n.m. n.m"),
    past_four={
        ("half",): -30,
        ("kwart", "oor"): 15,
        ("kwart", "voor"): -15,
        ("tien", "oor"): 10,
        ("tien", "voor"): -10,
        ("vyf", "oor"): 5,
        ("vyf", "voor"): -5,
    },
    hour_leads=_set("om teen voor tot tussen"),
    by=_phrases("teen|tot|uiterlik|uiterlik teen|uiterlik op|nie later as|nie later nie as|voor of op|teen uiterlik"),
    on=_phrases("op|om|vir|die|op die|teen die"),
    before=_phrases("voor"),
    tails=_phrases("op die laatste|op sy laatste|op die laaste"),
    undue=_set("na sedert vanaf elke nie eerste tweede derde vierde laaste laatste"),
    of=_set("van"),
    this=_set("hierdie die komende eerskomende aanstaande"),
    next=_set("volgende"),
    last=_set("verlede vorige laas"),
    week=_set("week"),
    weekend=_set("naweek"),
    month=_set("maand"),
    year=_set("jaar"),
    day=_set("dag"),
    end=_phrases("einde van die|einde van|einde|die einde van die|die einde van|end van die|aan die einde van die"),
    end_of={"maandeinde": "month", "jaareinde": "year"},
    ordinals=_set("ste de"),
    the=_set("die"),
    half=_set("half 'n"),
    follow=_set("met vir aan en of oor op teen by asseblief"),
    shy=_set("more"),
)

DUTCH = Words(
    weekdays=_numbered("maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"),
    short_weekdays=_numbered("ma|di|wo woe|do|vr vrij|za zat|zo zon"),
    months=_numbered(
        "jan januari|feb febr februari|mrt maart|apr april|mei|jun juni|jul juli|aug augustus"
        "|sep sept september|okt oktober|nov november|dec december",
        first=1,
    ),
    numbers=_numbered("een|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf", first=1),
    days={
        ("vandaag",): 0,
        ("morgen",): 1,
        ("overmorgen",): 2,
        ("gisteren",): -1,
        ("eergisteren",): -2,
    },
    parts={
        "ochtend": "am",
        "ochtends": "am",
        "morgens": "am",
        "voormiddag": "am",
        "vroeg": "am",
        "middag": "pm",
        "middags": "pm",
        "namiddag": "pm",
        "avond": "evening",
        "avonds": "evening",
        "nachts": "night",
    },
    today_parts={
        ("vanochtend",): "am",
        ("vanmorgen",): "am",
        ("vanmiddag",): "pm",
        ("vanavond",): "evening",
    },
    part_leads=_phrases("'s|in de|de|s"),
    spans=(
        Span(
            leads=_set("over binnen in"),
            units={
                **dict.fromkeys(("minuut", "minuten", "min"), "minute"),
                **dict.fromkeys(("uur", "uren"), "hour"),
                **dict.fromkeys(("dag", "dagen"), "day"),
                **dict.fromkeys(("week", "weken"), "week"),
                **dict.fromkeys(("maand", "maanden"), "month"),
                **dict.fromkeys(("jaar", "jaren"), "year"),
                **dict.fromkeys(("werkdag", "werkdagen"), "workday"),
            },
            working=frozenset(),
            ahead=_phrases("vanaf nu|vanaf vandaag"),
            ago=_phrases("geleden"),
        ),
    ),
    noon=_set("middaguur"),
    midnight=_set("middernacht"),
    oclock=_set("uur"),
    past_four={
        ("half",): -30,
        ("kwart", "over"): 15,
        ("kwart", "voor"): -15,
        ("tien", "over"): 10,
        ("tien", "voor"): -10,
        ("vijf", "over"): 5,
        ("vijf", "voor"): -5,
    },
    hour_leads=_set("om voor tegen tot rond uiterlijk tussen"),
    by=_phrases(
        "uiterlijk|uiterlijk op|uiterlijk om|tegen|tot|niet later dan|ten laatste|ten laatste op|voor of op|op of voor"
        "|tot en met"
    ),
    on=_phrases("op|om|de|op de|per|rond|aan"),
    before=_phrases("voor"),
    tails=_phrases("op zijn laatst|uiterlijk|op z'n laatst"),
    undue=_set("na sinds vanaf elke iedere niet eerste tweede derde vierde laatste"),
    of=_set("van"),
    this=_set("deze dit komende aankomende aanstaande eerstvolgende komend"),
    next=_set("volgende volgend"),
    last=_set("vorige afgelopen vorig"),
    week=_set("week"),
    weekend=_set("weekend weekeinde"),
    month=_set("maand"),
    year=_set("jaar"),
    day=_set("dag"),
    end=_phrases(
        "eind van de|einde van de|eind|einde|eind van|einde van|het einde van de|het eind van de|einde van het"
        "|eind van het|tegen het einde van de"
    ),
    ordinals=_set("e de ste"),
    the=_set("de"),
    half=_set("half"),
    follow=_set("met voor aan en of over op via graag"),
)

_BY_LANGUAGE = {"en": ENGLISH, "af": AFRIKAANS, "nl": DUTCH}


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        return {**one, **other}
    return one + other if isinstance(one, tuple) else one | other


@cache
def words_for(*languages: str) -> Words:
    """English is always understood beside the person's own language; where both have a word, their own wins."""
    known = [_BY_LANGUAGE[code] for code in languages if code in _BY_LANGUAGE]
    words = ENGLISH
    for own in known:
        if own is not ENGLISH:
            words = Words(**{f.name: _joined(getattr(words, f.name), getattr(own, f.name)) for f in fields(Words)})
    days = [*words.weekdays, *(phrase[0] for phrase in words.days if len(phrase) == 1)]
    compounds = {day + word: (day, part) for day in days for word, part in words.parts.items()}
    # English "of" is "or" in the other two.
    of = known[-1].of if known else words.of
    return replace(words, of=of, compounds=compounds, after_numbers=_after_numbers(words))


def _after_numbers(words: Words) -> frozenset[str]:
    tables: tuple[Iterable[str], ...] = (
        *(words.months, words.ordinals, words.of, words.am, words.pm, words.oclock, words.noon, words.parts),
        *(table for span in words.spans for table in (span.units, span.working)),
        *((phrase[0] for phrase in phrases) for phrases in (words.past_four, words.part_leads, words.today_parts)),
        ("-", "/", ".", ":", "h", "u", "oor", "over", "voor"),
    )
    return frozenset(word for table in tables for word in table)


class Phrases:
    """Phrases found by their first or their last word, so that most places in a text cost one look."""

    def __init__(self, *tables: Iterable[Phrase]) -> None:
        self.first: dict[str, list[Phrase]] = {}
        self.last: dict[str, list[Phrase]] = {}
        for phrase in sorted({p for table in tables for p in table}, key=len, reverse=True):
            self.first.setdefault(phrase[0], []).append(phrase)
            self.last.setdefault(phrase[-1], []).append(phrase)
