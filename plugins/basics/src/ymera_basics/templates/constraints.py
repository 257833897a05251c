"""Several instructions at once, each checked exactly; one that is broken makes the answer wrong."""

import datetime
import random
import re
from collections.abc import Mapping

from ymera_basics.task import Draft, Template
from ymera_service.sdk.grading import amounts, checks
from ymera_service.sdk.grading.answers import Answer, Check
from ymera_service.sdk.grading.wording import listed

_WORDS = listed(
    "amber anchor basin beacon cabin candle dawn delta ember engine fabric feather garden glacier harbor hollow island "
    "ivory jacket jungle kettle lantern ladder marble meadow nectar oasis orchard pebble quartz ribbon river saddle "
    "shadow timber tunnel umbrella valley velvet willow window yarn zephyr"
)
_STARTS = "abcdfghlmrstw"
_FILL = listed("low old odd now from upon our hollow soft world")


def lines(draw: random.Random) -> Draft:
    """Lines of given number, length, first letter and last word, in lower case, without a letter and punctuation."""
    count, size, start = draw.randint(3, 5), draw.randint(4, 7), draw.choice(_STARTS)
    last = draw.choice(("moon", "wood", "gold", "world"))
    banned = draw.choice([each for each in "eia" if each != start])
    rules = [
        f"The answer has exactly {count} lines.",
        f"Each line has exactly {size} words.",
        f'The first word of each line begins with "{start}".',
        f'The last word of the last line is "{last}", which occurs nowhere else.',
        f'The letter "{banned}" does not occur.',
        "There are no capital letters, no digits and no punctuation.",
        "No two lines are the same.",
    ]
    draw.shuffle(rules)
    firsts = [f"{start}{vowel}{end}" for vowel in "ouy" for end in ("r", "n", "l")][:count]
    filled = [[first, *(_FILL[at % 6] for at in range(size - 1))] for first in firsts]
    filled[-1][-1] = last
    question = "Write a short poem that obeys all of these rules:\n" + "\n".join(f"- {rule}" for rule in rules)
    check = _shaped(count, size, start, last, banned)
    return Draft(f"{question}\nWrite the poem only.", check, "\n".join(" ".join(line) for line in filled))


def _shaped(count: int, size: int, start: str, last: str, banned: str) -> Check:
    def check(answer: Answer) -> float:
        text = answer.text
        rows = [line.split() for line in text.splitlines() if line.strip()]
        return float(
            len({*map(tuple, rows)}) == count == len(rows)
            and all(len(row) == size and row[0].startswith(start) for row in rows)
            and rows[-1][-1] == last
            and sum(row.count(last) for row in rows) == 1
            and banned not in text
            and re.fullmatch(r"[a-z\s]+", text) is not None
        )

    return check


def pipeline(draw: random.Random) -> Draft:
    """A list that is filtered, changed and sorted by several rules."""
    given, letter, longest = draw.sample(_WORDS, 12), draw.choice("aeior"), draw.randint(6, 7)
    kept = sorted(
        (each for each in given if letter in each and len(each) <= longest), key=lambda each: (len(each), each)
    )
    if len(kept) < 2:
        return pipeline(draw)
    done = [f"{each[::-1]}" if len(each) % 2 else each.upper() for each in kept]
    steps = (
        f'Keep the words that contain "{letter}" and have at most {longest} letters. Sort them by length, and '
        "alphabetically within the same length. Then write those with an odd number of letters backwards and the "
        "others in capitals."
    )
    question = f"Words: {', '.join(given)}.\n{steps} Answer with the list only, separated by commas."
    return Draft(question, checks.sequence(done, partial=False), ", ".join(done))


def calendar(draw: random.Random) -> Draft:
    """The date of a weekday of a month, and some working days later."""
    first = datetime.date(draw.randint(2001, 2040), draw.randint(1, 12), 1)
    weekday, nth, days = draw.randrange(5), draw.randint(2, 4), draw.randint(6, 18)
    day = first + datetime.timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))
    for _ in range(days):
        day += datetime.timedelta(3 if day.weekday() == 4 else 1)
    told = f"{first:%d %B %Y} is a {first:%A}. A project starts on the {['second', 'third', 'fourth'][nth - 2]} "
    name = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")[weekday]
    question = f"{told}{name} of that month and is due {days} working days (Monday to Friday) later. When is it due?"
    return Draft(f"{question} Answer as YYYY-MM-DD.", amounts.date(day.year, day.month, day.day), day.isoformat())


def zones(draw: random.Random) -> Draft:
    """A journey across time zones."""
    leave, there, length = draw.randint(300, 1_000), draw.choice((-5, -3, 2, 4, 7)), draw.randint(95, 700)
    wait, second = draw.randint(35, 190), draw.randint(40, 260)
    arrive = (leave + length + wait + second + there * 60) % 1_440
    told = (
        f"A flight leaves at {leave // 60:02d}:{leave % 60:02d} and takes {length // 60} h {length % 60} min. After a "
    )
    question = (
        f"{told}wait of {wait} minutes another takes {second // 60} h {second % 60} min. The clocks at the end are "
    )
    ending = f"{abs(there)} hours {'ahead of' if there > 0 else 'behind'} those at the start."
    form = "What time is it there on arrival? Answer in 24-hour form, HH:MM."
    return Draft(
        f"{question}{ending} {form}", amounts.clock(*divmod(arrive, 60)), f"{arrive // 60:02d}:{arrive % 60:02d}"
    )


TEMPLATES: Mapping[str, Template] = {
    "hard-lines": lines,
    "hard-pipeline": pipeline,
    "hard-calendar": calendar,
    "hard-zones": zones,
}
