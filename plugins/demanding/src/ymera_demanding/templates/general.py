"""Instructions by the dozen, puzzles of several steps, plans, and tools to be called rightly."""

import datetime
import random
import re
from collections.abc import Mapping, Sequence
from itertools import permutations, product

from ymera_demanding.task import Draft, Template, chosen, listing, numeric, textual
from ymera_demanding.templates.documents import THINGS
from ymera_demanding.templates.texts import NAMES, rows_of
from ymera_service.sdk.grading import amounts
from ymera_service.sdk.grading.answers import Answer, Check


def truth(draw: random.Random) -> Draft:
    """Who lies."""
    names = draw.sample(NAMES, 4)
    while True:
        claims = [(draw.randrange(4), draw.choice(("is", "same", "count")), draw.randint(1, 3)) for _ in names]

        def said(at: int, honest: Sequence[bool], claims: Sequence[tuple[int, str, int]] = claims) -> bool:
            about, kind, count = claims[at]
            if kind == "count":
                return sum(honest) == count
            return not honest[about] if kind == "is" else honest[about] == honest[(about + 1) % 4]

        fits = [each for each in product((True, False), repeat=4) if all(said(at, each) == each[at] for at in range(4))]
        if len(fits) == 1 and 0 < sum(fits[0]) < 4:
            break
    told = []
    for name, (about, kind, count) in zip(names, claims, strict=True):
        text = {
            "is": f"{names[about]} is a liar",
            "same": f"{names[about]} and {names[(about + 1) % 4]} are of the same kind",
            "count": f"exactly {count} of the four of us {'is' if count == 1 else 'are'} honest",
        }[kind]
        told.append(f'{name} says: "{text}."')
    right = sorted(name for name, honest in zip(names, fits[0], strict=True) if honest)
    ask = f"{', '.join(names)} are each either honest (all they say is true) or liars (all they say is false). {' '.join(told)} Who is honest? Name them in order of the alphabet."
    return textual(ask, ", ".join(right), "names, separated by commas")


_PLACE = re.compile(r"\(\s*([-−]?\d{1,6})\s*,\s*([-−]?\d{1,6})\s*\)")


def walks(draw: random.Random) -> Draft:
    """A walk with turns, and where it ends."""
    x, y, way = 0, 0, 0
    moves = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    told = []
    for _ in range(draw.randint(9, 13)):
        kind = draw.choice(("go", "go", "left", "right", "back", "mirror"))
        if kind == "go":
            steps = draw.randint(1, 9)
            x, y = x + moves[way][0] * steps, y + moves[way][1] * steps
            told.append(f"walk {steps} steps")
        elif kind == "mirror":
            x, y = y, x
            told.append("jump to the square whose coordinates are exchanged, (x, y) → (y, x), without turning")
        else:
            way = (way + {"left": 3, "right": 1, "back": 2}[kind]) % 4
            told.append({"left": "turn left", "right": "turn right", "back": "turn round"}[kind])
    ask = f"You stand at (0, 0) and look north (x grows to the east, y to the north). Then: {', '.join(told)}. Where are you? Answer as (x, y)."
    return Draft(f"{ask} End with a line 'Answer: (x, y)'.", {"answer": _place(x, y)}, f"Answer: ({x}, {y})")


def _place(x: int, y: int) -> Check:
    def check(answer: Answer) -> float:
        row = next((each for each in reversed(rows_of(answer)) if _PLACE.search(each)), "")
        found = [tuple(int(each.replace("−", "-")) for each in place) for place in _PLACE.findall(row)]
        denied = "?" in row or re.search(r"\b(?:not|n't)\b", row)
        return float(found[-1:] == [(x, y)] and not denied)

    return check


def shuffles(draw: random.Random) -> Draft:
    """Objects that change places many times."""
    people, things = draw.sample(NAMES, 5), draw.sample(THINGS, 5)
    has = dict(zip(people, things, strict=True))
    told = [f"{one} has the {other}" for one, other in has.items()]
    for _ in range(draw.randint(10, 14)):
        one, other, third = draw.sample(people, 3)
        kind = draw.choice(("swap", "turn", "thing"))
        if kind == "swap":
            has[one], has[other] = has[other], has[one]
            told.append(f"{one} and {other} swap")
        elif kind == "turn":
            has[one], has[other], has[third] = has[third], has[one], has[other]
            told.append(f"{one} gives to {other}, {other} to {third} and {third} to {one}, all at once")
        else:
            thing = draw.choice(things)
            owner = next(each for each in people if has[each] == thing)
            if owner == one:
                continue
            has[one], has[owner] = has[owner], has[one]
            told.append(f"whoever now has the {thing} swaps with {one}")
    asked = draw.choice(people)
    return chosen(
        f"{'. '.join(told)}. What does {asked} have in the end: {', '.join(sorted(things))}?", has[asked], things
    )


def days(draw: random.Random) -> Draft:
    """Working days with holidays."""
    start = datetime.date(draw.randint(2025, 2040), draw.randint(1, 11), draw.randint(1, 28))
    off = sorted(draw.sample(range(2, 25), 3))
    holidays = [start + datetime.timedelta(each) for each in off]
    count, day = draw.randint(10, 16), start
    left = count
    while left:
        day += datetime.timedelta(1)
        left -= day.weekday() < 5 and day not in holidays
    told = ", ".join(f"{each:%d %B}" for each in holidays)
    ask = f"{start:%d %B %Y} is a {start:%A}. Work is due on the {count}th working day after that day. Working days are Monday to Friday, except {told}. When is it due?"
    return Draft(f"{ask} Answer as YYYY-MM-DD.", {"date": amounts.date(day.year, day.month, day.day)}, day.isoformat())


def plans(draw: random.Random) -> Draft:
    """The shortest time for tasks that need each other, with two workers."""
    tasks = "ABCDEFG"
    length = {each: draw.randint(1, 9) for each in tasks}
    needs = {each: sorted(draw.sample(tasks[:at], min(at, draw.choice((0, 1, 1, 2))))) for at, each in enumerate(tasks)}
    ends: dict[str, int] = {}
    for each in tasks:
        ends[each] = length[each] + max((ends[one] for one in needs[each]), default=0)
    told = "; ".join(
        f"{each} takes {length[each]} h" + (f" and needs {' and '.join(needs[each])}" if needs[each] else "")
        for each in tasks
    )
    late, more = draw.choice(tasks), draw.randint(2, 9)
    length[late] += more
    for each in tasks:
        ends[each] = length[each] + max((ends[one] for one in needs[each]), default=0)
    ask = f"{told}. Any number of tasks may run at the same time. {late} turns out to take {more} h longer. After how many hours can all be finished at the earliest?"
    return numeric(ask, max(ends.values()))


def knapsacks(draw: random.Random) -> Draft:
    """The best choice within a limit."""
    things = draw.sample(THINGS, 7)
    weight, worth, limit = (
        {each: draw.randint(2, 12) for each in things},
        {each: draw.randint(5, 30) for each in things},
        draw.randint(18, 26),
    )
    one, other = draw.sample(things, 2)
    best = 0
    for taken in product((False, True), repeat=7):
        chosen_ = [each for each, yes in zip(things, taken, strict=True) if yes]
        if sum(weight[each] for each in chosen_) <= limit and not {one, other} <= set(chosen_):
            best = max(best, sum(worth[each] for each in chosen_))
    told = ", ".join(f"{each} ({weight[each]} kg, {worth[each]} €)" for each in things)
    return numeric(
        f"You can carry {limit} kg of: {told}. {one} and {other} must not be carried together. What is the greatest total value in €?",
        best,
    )


def towers(draw: random.Random) -> Draft:
    """A pile of cards that is changed by instructions."""
    cards = [draw.choice("ABCDEFGH") + str(at) for at in range(8)]
    start, told = list(cards), []
    for _ in range(draw.randint(7, 9)):
        kind, count = draw.choice(("top", "flip", "deal", "cut")), draw.randint(2, 5)
        if kind == "top":
            cards.append(cards.pop(0))
            told.append("move the top card to the bottom")
        elif kind == "flip":
            cards[:count] = cards[:count][::-1]
            told.append(f"reverse the order of the top {count} cards")
        elif kind == "deal":
            cards = cards[::2] + cards[1::2]
            told.append(
                "deal the cards from the top to a left and a right pile in turn, keep the order within each pile, and put the left pile on the right one"
            )
        else:
            cards = cards[count:] + cards[:count]
            told.append(f"put the top {count} cards under the others")
    return listing(
        f"A pile of cards, from top to bottom: {', '.join(start)}. Then: {'; '.join(told)}. What is the order from top to bottom?",
        cards,
    )


def orders(draw: random.Random) -> Draft:
    """Who stands where in a row."""
    people = draw.sample(NAMES, 6)
    row = draw.sample(people, 6)
    place = {each: at for at, each in enumerate(row)}
    facts = [
        (kind, one, other)
        for kind in ("before", "apart", "beside")
        for one in people
        for other in people
        if one != other
    ]
    holds = {
        "before": lambda a, b: a < b,
        "apart": lambda a, b: abs(a - b) == 3,
        "beside": lambda a, b: abs(a - b) == 1,
    }
    draw.shuffle(facts)
    worlds, clues = [dict(zip(people, each, strict=True)) for each in permutations(range(6))], []
    for kind, one, other in facts:
        if holds[kind](place[one], place[other]):
            kept = [each for each in worlds if holds[kind](each[one], each[other])]
            if len(kept) < len(worlds):
                worlds = kept
                clues.append(
                    {
                        "before": f"{one} is somewhere before {other}",
                        "apart": f"exactly two people stand between {one} and {other}",
                        "beside": f"{one} is next to {other}",
                    }[kind]
                )
    return listing(
        f"Six people stand in a row: {', '.join(people)}. {'. '.join(clues)}. What is their order, the first one first?",
        row,
    )


def filters(draw: random.Random) -> Draft:
    """Words that are filtered and changed by many rules."""
    words = draw.sample(
        "anchor bottle canyon donkey engine fabric guitar hunter island jacket kernel ladder magnet napkin oyster parrot quiver rocket signal tunnel".split(),
        14,
    )
    drop, letter, shift = draw.choice("aeio"), draw.choice("nrt"), draw.randint(1, 4)
    kept = [word for at, word in enumerate(words) if (at + 1) % 3 and drop not in word]
    changed = [
        word.replace(letter, letter.upper()) if word[0] < "h" else word[-shift:] + word[:-shift] for word in kept
    ]
    made = sorted(changed, key=lambda each: (each[-1].lower(), each.lower()))
    if len(made) < 3:
        return filters(draw)
    ask = (
        f'Words: {", ".join(words)}. First drop every third word (the 3rd, 6th, …). Of the others, drop those that contain "{drop}". In those that begin with a to g, make every "{letter}" a '
        f"capital; of the others, move the last {shift} letters to the front. Then sort by the last letter, equal ones by the whole word, without regard to capitals. What is the list?"
    )
    return listing(ask, made)


def registers(draw: random.Random) -> Draft:
    """A small machine followed by hand."""
    a, b, c = (draw.randint(1, 9) for _ in range(3))
    start, rounds = (a, b, c), draw.randint(4, 6)
    p, q = draw.randint(2, 4), draw.randint(3, 7)
    for _ in range(rounds):
        if a % 2:
            a, b = b + p, a
        else:
            a, c = c * 2, a // 2
        if b > c:
            b -= q
        c += 1
    rules = f"If a is odd, a becomes b + {p} and b the old a, at once; otherwise a becomes 2c and c half of the old a, at once. Then, if b > c, subtract {q} from b. Then add 1 to c."
    ask = f"a = {start[0]}, b = {start[1]}, c = {start[2]}. Do this {rounds} times: {rules} What is 100a + 10b + c in the end?"
    return numeric(ask, 100 * a + 10 * b + c)


TEMPLATES: Mapping[str, Template] = {
    **{
        each.__name__: each
        for each in (
                truth, walks, shuffles, days, plans, knapsacks, towers, orders,
            filters, registers,
        )
    },
}  # fmt: skip
