"""Texts, tables and documents that obey rules by the dozen."""

import json
import random
import re
from collections.abc import Mapping
from typing import Any

from ymera_demanding.task import Draft, Template
from ymera_demanding.templates.texts import NAMES, Holds, obeying, words_of
from ymera_service.sdk.grading.answers import Answer

THINGS = ("lamp", "chair", "kettle", "basket", "mirror", "carpet", "clock", "vase")
"""Goods."""


def letters(draw: random.Random) -> Draft:
    """A note that obeys a dozen rules."""
    name, count, number = draw.choice(NAMES), draw.choice((4, 5)), draw.randint(12, 98)
    banned, last = draw.choice("zjq"), draw.choice(("soon", "then", "again"))
    lines = [
        f"Dear {name}, welcome back home",
        f"We kept {number} letters here, all sealed",
        "Bring one warm coat, please do",
        "Your room has the blue door",
    ]
    lines = lines[: count - 1]
    commas = sum(each.count(",") for each in lines)
    lines.append(f"See you all {last}")
    rules: dict[str, Holds] = {
        f"There are exactly {count} lines.": lambda rows: len(rows) == count,
        f'The first line begins with "Dear {name},".': lambda rows: rows[0].startswith(f"Dear {name},"),
        f"The number {number} occurs once, in digits, and there is no other digit.": lambda rows: (
            re.findall(r"\d+", " ".join(rows)) == [str(number)]
        ),
        f'The last word of all is "{last}".': lambda rows: words_of(rows[-1])[-1:] == [last],
        f'The letter "{banned}" does not occur.': lambda rows: banned not in " ".join(rows).lower(),
        "There is no full stop, exclamation mark or question mark.": lambda rows: (
            not re.search(r"[.!?]", " ".join(rows))
        ),
        f"There are exactly {commas} commas.": lambda rows: " ".join(rows).count(",") == commas,
        "Every line begins with a capital letter.": lambda rows: all(each[0].isupper() for each in rows),
        "Every line has four to seven words, where a number is a word.": lambda rows: all(
            4 <= len(each.split()) <= 7 for each in rows
        ),
        "No two lines begin with the same word.": lambda rows: len({each.split()[0] for each in rows}) == len(rows),
        'The word "the" occurs at most once.': lambda rows: words_of(" ".join(rows)).count("the") <= 1,
        'The words "very" and "really" do not occur.': lambda rows: (
            not {"very", "really"} & set(words_of(" ".join(rows)))
        ),
    }
    return obeying(draw, f"Write a note to {name}.", rules, lines)


def acrostics(draw: random.Random) -> Draft:
    """A text whose lines spell a word, with more rules."""
    word = draw.choice(("stone", "candle", "tower", "violets"))
    fill = {"s": "soft rain on old roofs", "t": "two birds sing at dawn", "o": "over hills a wind moves", "n": "now all lamps go out", "e": "each road bends far away",
            "r": "red leaves fall in silence", "i": "ice holds an old pond", "v": "vast skies turn dark blue", "c": "cold hands hold warm bread", "a": "a dog barks far off",
            "d": "dusk comes with long shadows", "l": "low walls guard green fields", "m": "moss grows on grey walls", "w": "wild geese cross dark skies"}  # fmt: skip
    lines = [fill[letter] for letter in word]
    banned = draw.choice("xqz")
    rules: dict[str, Holds] = {
        f"There are {len(word)} lines.": lambda rows: len(rows) == len(word),
        f'The first letters of the lines spell "{word}".': lambda rows: "".join(each[0] for each in rows) == word,
        "Every line has exactly five words.": lambda rows: all(len(each.split()) == 5 for each in rows),
        "All is in small letters, without punctuation and digits.": lambda rows: all(
            re.fullmatch(r"[a-z ]+", each) for each in rows
        ),
        f'The letter "{banned}" does not occur.': lambda rows: banned not in "".join(rows),
        "No line ends with the same word as another.": lambda rows: (
            len({each.split()[-1] for each in rows}) == len(rows)
        ),
        'The word "and" does not occur.': lambda rows: "and" not in " ".join(rows).split(),
        f'The word "{word}" itself does not occur.': lambda rows: word not in " ".join(rows).split(),
    }
    return obeying(draw, "Write a poem.", rules, lines)


def tables(draw: random.Random) -> Draft:
    """A Markdown table with computed columns in a given order."""
    goods = draw.sample(THINGS, 5)
    units, prices = {each: draw.randint(2, 9) for each in goods}, {each: draw.randint(11, 60) for each in goods}
    free, least = draw.randint(3, 5), draw.randint(60, 120)
    rows = []
    for each in goods:
        total = prices[each] * (units[each] - (1 if units[each] >= free else 0))
        if total >= least:
            rows.append((total, each))
    rows.sort(key=lambda each: (-each[0], each[1]))
    if len(rows) < 2:
        return tables(draw)
    told = "; ".join(f"{units[each]} × {each} at {prices[each]}" for each in goods)
    ask = (
        f"Goods: {told}. Who buys {free} or more of one kind pays one piece of it less. Write a Markdown table with the header `| goods | total |`, a row for each kind "
        f"whose total is {least} or more, the dearest first (equal ones by name), and a last row `| sum | … |` with the sum of these rows. Write the table only."
    )
    right = [
        ("goods", "total"),
        *((name, str(total)) for total, name in rows),
        ("sum", str(sum(each[0] for each in rows))),
    ]

    def check(answer: Answer) -> float:
        found = [
            tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
            for line in answer.text.splitlines()
            if line.strip()
        ]
        return float([each for each in found if not all(re.fullmatch(r":?-+:?", cell) for cell in each)] == right)

    lines = ["| goods | total |", "|---|---|", *(f"| {one} | {other} |" for one, other in right[1:])]
    return Draft(ask, {"table": check}, "\n".join(lines))


def documents(draw: random.Random) -> Draft:
    """A JSON document with computed values."""
    people = draw.sample(NAMES, 5)
    ages = {each: draw.randint(18, 70) for each in people}
    towns = {each: draw.choice(("Oslo", "Rome", "Cork")) for each in people}
    told = "; ".join(f"{each}, {ages[each]}, {towns[each]}" for each in people)
    wanted: dict[str, Any] = {
        "towns": {town: sorted(each for each in people if towns[each] == town) for town in sorted(set(towns.values()))},
        "oldest": max(people, key=lambda each: (ages[each], each)),
        "over40": sum(age > 40 for age in ages.values()),
        "span": max(ages.values()) - min(ages.values()),
        "initials": "".join(sorted(each[0] for each in people)),
        "even": all(age % 2 == 0 for age in ages.values()),
        "none": None,
    }
    if len(set(ages.values())) < 5:
        return documents(draw)
    ask = (
        f"People: {told}. Answer with a JSON object only, with exactly these keys in this order: `towns` (town → its people's names in order of the alphabet), `oldest` (name), "
        "`over40` (how many are older than 40), `span` (greatest age minus smallest), `initials` (the first letters of all names as one text in order of the alphabet), "
        "`even` (whether all ages are even), `none` (null)."
    )

    def check(answer: Answer) -> float:
        text = answer.blocks[-1] if answer.blocks else answer.text
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return 0.0
        return float(
            json.dumps(found)
            == json.dumps({**wanted, "towns": found.get("towns") if isinstance(found, dict) else None})
            and found["towns"] == wanted["towns"]
        )

    return Draft(ask, {"document": check}, json.dumps(wanted))


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        letters, acrostics, tables, documents,
    )
}  # fmt: skip
