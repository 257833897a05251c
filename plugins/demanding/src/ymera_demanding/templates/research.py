"""Retrieval in long texts, faithfulness to them, and data: the answer is in the text, or it is not, and that has to be said."""

import datetime
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from ymera_demanding.task import Draft, Template, chosen, listing, numeric, textual
from ymera_service.sdk.grading import checks

_FIRST = ("Ada", "Bruno", "Clara", "Dario", "Elsa", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Leo")
_LAST = ("Adler", "Berg", "Cole", "Dietz", "Ernst", "Falk", "Graf", "Holm", "Ivers", "Jensen")
_PLACES = ("Aalborg", "Brest", "Cadiz", "Delft", "Evora", "Fulda", "Graz", "Hull", "Izmir", "Jena", "Kiel", "Lund")
_TRADES = ("baker", "carpenter", "dentist", "gardener", "painter", "pilot", "tailor", "welder")
_FILLER = (
    "The archive was moved twice, and some folders were never labelled again.",
    "Nobody remembers who chose the colour of the covers.",
    "The index was begun by hand and finished much later.",
    "Several pages were copied because the ink had faded.",
    "Visitors may read everything here, but nothing may be lent.",
)
_ABSENT = "not stated"


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    place: str
    trade: str
    born: int
    code: int
    friend: str


def _people(draw: random.Random, count: int) -> list[_Person]:
    names = draw.sample([f"{one} {other}" for one in _FIRST for other in _LAST], count)
    codes = draw.sample(range(1_000, 9_999), count)
    return [
        _Person(name, draw.choice(_PLACES), draw.choice(_TRADES), draw.randint(1920, 1999), code, draw.choice(names))
        for name, code in zip(names, codes, strict=True)
    ]


def _file(draw: random.Random, people: Sequence[_Person], more: Sequence[str] = ()) -> str:
    """Returns the records of people as prose of several KB, in any order, with lines that say nothing."""
    notes = [
        draw.choice(
            (
                f"{each.name}, born in {each.born}, works as a {each.trade} in {each.place}; the file has number {each.code}.",
                f"File {each.code} is that of {each.name}, {each.trade} in {each.place}, born in {each.born}.",
                f"In {each.place} lives {each.name}, a {each.trade} born in {each.born} (file {each.code}).",
            )
        )
        + f" {each.name} is looked after by {each.friend}."
        for each in people
    ]
    notes += [*more, *(draw.choice(_FILLER) for _ in range(len(people) // 3))]
    draw.shuffle(notes)
    return "\n".join(notes)


def _asked(text: str, question: str) -> str:
    return f"Use only this text, and nothing else that you know.\n\n{text}\n\n{question}"


def _alike(draw: random.Random, people: Sequence[_Person]) -> _Person:
    """Returns a person with whom others share a name."""
    return draw.choice([each for each in people if sum(each.name.split()[0] in other.name for other in people) > 2])


def lookup(draw: random.Random) -> Draft:
    """One record among seventy, with names that are alike."""
    people = _people(draw, 70)
    one = _alike(draw, people)
    return numeric(_asked(_file(draw, people), f"Which number has the file of {one.name}?"), one.code)


def backwards(draw: random.Random) -> Draft:
    """Who has a file, looked up by its number."""
    people = _people(draw, 70)
    one = draw.choice(people)
    return textual(
        _asked(_file(draw, people), f"Where does the person live whose file has number {one.code}?"), one.place, "place"
    )


def two_steps(draw: random.Random) -> Draft:
    """Who looks after someone, and what they do."""
    people = _people(draw, 60)
    known = {each.name: each for each in people}
    one = draw.choice([each for each in people if each.friend != each.name])
    question = f"In which year was the person born who looks after {one.name}?"
    return numeric(_asked(_file(draw, people), question), known[one.friend].born)


def three_steps(draw: random.Random) -> Draft:
    """A chain of three."""
    people = _people(draw, 60)
    known = {each.name: each for each in people}
    one = draw.choice([each for each in people if known[each.friend].friend != each.name])
    last = known[known[known[one.friend].friend].friend]
    question = f"Begin with {one.name} and go three times to the person by whom the present one is looked after. Which file number does the person have whom you reach?"
    return numeric(_asked(_file(draw, people), question), last.code)


def corrected(draw: random.Random) -> Draft:
    """A value that is corrected twice, and the corrections of others."""
    people = _people(draw, 50)
    one, *others = draw.sample(people, 6)
    new = draw.sample(range(10_000, 99_999), 7)
    more = [
        f"Correction of May: the file of {each.name} has number {code}."
        for each, code in zip(others, new, strict=False)
    ]
    more += [
        f"Correction of May: the file of {one.name} has number {new[5]}.",
        f"Correction of June, which replaces all earlier ones: the file of {one.name} has number {new[6]}.",
    ]
    return numeric(
        _asked(_file(draw, people, more), f"Which number does the file of {one.name} have in the end?"), new[6]
    )


def withdrawn(draw: random.Random) -> Draft:
    """A correction that was taken back."""
    people = _people(draw, 50)
    one, *others = draw.sample(people, 5)
    new = draw.sample(range(10_000, 99_999), 5)
    more = [f"Correction 1{at}: the file of {each.name} has number {new[at]}." for at, each in enumerate(others, 1)]
    more += [
        f"Correction 10: the file of {one.name} has number {new[0]}.",
        "Correction 10 was an error and is withdrawn.",
    ]
    return numeric(_asked(_file(draw, people, more), f"Which number does the file of {one.name} have?"), one.code)


def counting(draw: random.Random) -> Draft:
    """How many fulfil two conditions."""
    people = _people(draw, 60)
    place, trade, year = draw.choice(_PLACES), draw.choice(_TRADES), draw.randint(1945, 1970)
    count = sum((each.place == place or each.trade == trade) and each.born > year for each in people)
    question = f"How many people born after {year} live in {place}, or are a {trade}, or both?"
    return numeric(_asked(_file(draw, people), question), count)


def summing(draw: random.Random) -> Draft:
    """A sum over those who fulfil a condition."""
    people = _people(draw, 50)
    trade = draw.choice([each.trade for each in people])
    total = sum(each.code for each in people if each.trade == trade)
    return numeric(
        _asked(_file(draw, people), f"What is the sum of the file numbers of everyone who is a {trade}?"), total
    )


def absent(draw: random.Random) -> Draft:
    """Something that the text does not say of this person, though of others."""
    people = _people(draw, 40)
    one, *others = draw.sample(people, 9)
    prices = [f"{each.name} pays {draw.randint(300, 900)} a month for the flat." for each in others]
    ask = f"How much does {one.name} pay a month for the flat? If the text does not say, answer '{_ABSENT}'."
    rules = {"abstains": checks.not_stated}
    question = f"{_asked(_file(draw, people, prices), ask)} End with a line 'Answer: <amount or {_ABSENT}>'."
    return Draft(question, rules, f"Answer: {_ABSENT}")


def premise(draw: random.Random) -> Draft:
    """A question that takes something for granted that the text contradicts, or is silent on."""
    people = _people(draw, 40)
    one = draw.choice(people)
    other = draw.choice([each for each in _PLACES if each != one.place])
    silent = draw.random() < 0.5
    ask = (
        f"Someone asks: 'Since when does {one.name}, the {one.trade} from {one.place if silent else other}, have file {one.code}?' Is the text silent on "
        "that alone, or is something that the question takes for granted in contradiction to the text? Choose: silent, or contradiction."
    )
    right = "silent" if silent else "contradiction"
    return chosen(_asked(_file(draw, people), ask), right, ("silent", "contradiction"))


def sources(draw: random.Random) -> Draft:
    """Sources that contradict each other, with a rule which counts."""
    ranks = draw.sample(("the register", "the letter", "the newspaper", "the diary"), 4)
    figures = dict(zip(ranks, draw.sample(range(100, 999), 4), strict=True))
    told = draw.sample(ranks, 3)
    lines = [f"According to {each}, the bridge cost {figures[each]} crowns." for each in told]
    lines += [f"{rank.capitalize()} counts more than {later}." for rank, later in pairwise(ranks)]
    lines += [f"The {draw.choice(('tower', 'well', 'gate'))} cost {draw.randint(100, 999)} crowns." for _ in range(3)]
    draw.shuffle(lines)
    best = min(told, key=ranks.index)
    ask = "Take the source that counts most of those that say something of the bridge. How many crowns did the bridge cost?"
    return numeric(_asked("\n".join(lines), ask), figures[best])


def nth(draw: random.Random) -> Draft:
    """The nth in an order among those who fulfil a condition."""
    people = _people(draw, 60)
    place = max(_PLACES, key=lambda name: sum(each.place == name for each in people))
    there = sorted((each for each in people if each.place == place), key=lambda each: each.code)
    at = draw.randint(2, min(5, len(there))) - 1
    ask = f"Of the people in {place}, who has the {['', 'second', 'third', 'fourth', 'fifth'][at]} lowest file number?"
    return textual(_asked(_file(draw, people), ask), there[at].name, "full name")


def between(draw: random.Random) -> Draft:
    """A difference of two facts that are found separately."""
    people = _people(draw, 60)
    one, other = draw.sample(people, 2)
    ask = f"By how many years do the years of birth of {one.name} and the holder of file {other.code} differ?"
    return numeric(_asked(_file(draw, people), ask), abs(one.born - other.born))


def missing(draw: random.Random) -> Draft:
    """Who of some is not in the text."""
    people = _people(draw, 50)
    gone, kept = people[0], people[1:]
    asked = [gone, *draw.sample(kept, 4)]
    draw.shuffle(asked)
    text = _file(draw, kept).replace(gone.name, kept[0].name)
    names = [each.name for each in asked]
    return chosen(_asked(text, f"Which of these does the text not mention: {', '.join(names)}?"), gone.name, names)


def needles(draw: random.Random) -> Draft:
    """Codes that are hidden in a long text, to be collected in the order of their numbers."""
    people = _people(draw, 60)
    words = draw.sample(("copper", "violet", "harbour", "lantern", "meadow", "pepper", "saddle", "timber"), 5)
    more = [f"Word number {at} of the phrase is {word}." for at, word in enumerate(words, 1)]
    more += [f"Word number {draw.randint(6, 9)} of another phrase is {draw.choice(('iron', 'ocean'))}."]
    return listing(
        _asked(_file(draw, people, more), "What are the five words of the phrase, in the order of their numbers?"),
        words,
    )


def _sales(draw: random.Random) -> list[tuple[str, str, int, int]]:
    return [
        (
            draw.choice(_PLACES[:5]),
            draw.choice(("tea", "salt", "wool", "oil")),
            draw.randint(2, 60),
            draw.randint(3, 40),
        )
        for _ in range(draw.randint(18, 26))
    ]


def _table(rows: Sequence[Sequence[object]], *names: str) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _of_table(
    draw: random.Random, ask: Callable[[list[tuple[str, str, int, int]]], tuple[str, int | Fraction]]
) -> Draft:
    rows = _sales(draw)
    question, answer = ask(rows)
    return numeric(_asked(_table(rows, "town", "goods", "units", "price"), question), answer)


def turnover(draw: random.Random) -> Draft:
    """A weighted sum over a condition."""
    town = draw.choice(_PLACES[:5])
    ask = f"What is the turnover (units × price, summed over all rows) of {town} without oil?"
    return _of_table(
        draw, lambda rows: (ask, sum(each[2] * each[3] for each in rows if each[0] == town and each[1] != "oil"))
    )


def largest_group(draw: random.Random) -> Draft:
    """The largest sum of a group."""
    ask = "Sum the units by pair of town and goods. How many units has the pair with the most?"

    def answer(rows: list[tuple[str, str, int, int]]) -> tuple[str, int]:
        return ask, max(sum(each[2] for each in rows if each[:2] == pair) for pair in {each[:2] for each in rows})

    return _of_table(draw, answer)


def medians(draw: random.Random) -> Draft:
    """A median over a condition."""
    least = draw.randint(8, 15)
    ask = f"What is the median of the units of all rows whose price is {least} or more? (With an even number of rows, take the mean of the two in the middle.)"

    def answer(rows: list[tuple[str, str, int, int]]) -> tuple[str, Fraction]:
        found = sorted(each[2] for each in rows if each[3] >= least)
        half = len(found) // 2
        return ask, Fraction(
            found[half] if len(found) % 2 else found[half - 1] + found[half], 1 if len(found) % 2 else 2
        )

    return _of_table(draw, answer)


def joined(draw: random.Random) -> Draft:
    """Two tables that have to be joined."""
    rows = _sales(draw)
    rates = {town: draw.randint(2, 9) for town in _PLACES[:5] if draw.random() < 0.8}
    text = (
        f"{_table(rows, 'town', 'goods', 'units', 'price')}\n\n{_table(list(rates.items()), 'town', 'duty per unit')}"
    )
    ask = "What is the duty on all units of all rows together? Towns that are not in the second table pay none."
    return numeric(_asked(text, ask), sum(each[2] * rates.get(each[0], 0) for each in rows))


def dated(draw: random.Random) -> Draft:
    """The last reading before a day."""
    days = sorted(draw.sample(range(1, 330), 22))
    start = datetime.date(2031, 1, 1)
    readings = [
        (start + datetime.timedelta(each), draw.choice(("north", "south")), draw.randint(100, 999)) for each in days
    ]
    until = start + datetime.timedelta(draw.choice(days[8:]) + draw.randint(0, 2))
    gauge = draw.choice(("north", "south"))
    found = [each for each in readings if each[0] < until and each[1] == gauge]
    if not found:
        return dated(draw)
    shuffled = draw.sample([(f"{day:%d.%m.%Y}", name, value) for day, name, value in readings], len(readings))
    ask = f"Dates are day.month.year. What was the latest reading of the {gauge} gauge before {until:%d.%m.%Y} (not on that day)?"
    return numeric(_asked(_table(shuffled, "day", "gauge", "level"), ask), found[-1][2])


def streaks(draw: random.Random) -> Draft:
    """The longest rise in a series."""
    values = [draw.randint(10, 60) for _ in range(40)]
    best = now = 1
    for one, other in pairwise(values):
        now = now + 1 if other > one else 1
        best = max(best, now)
    text = ", ".join(map(str, values))
    ask = "These are the counts of 40 days in order. What is the greatest number of days in a row over which the count rose from each day to the next?"
    return numeric(_asked(text, ask), best)


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        lookup, backwards, two_steps, three_steps, corrected, withdrawn, counting, summing, absent, premise, sources,
        nth, between, missing, needles, turnover, largest_group, medians, joined, dated, streaks,
    )
}  # fmt: skip
