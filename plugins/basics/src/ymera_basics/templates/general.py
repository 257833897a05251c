"""General: dates, times, units, order, and following instructions."""

import datetime
import random
from collections.abc import Mapping
from fractions import Fraction

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import number_question, word_question
from ymera_service.sdk.grading import amounts, checks, words
from ymera_service.sdk.grading.wording import listed

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WORDS = (
    "walnut",
    "anchor",
    "river",
    "pillow",
    "ticket",
    "garden",
    "marble",
    "copper",
    "zebra",
    "feather",
    "engine",
    "button",
)


def weekday(draw: random.Random) -> Draft:
    """The day of the week some days later."""
    today, days = draw.randrange(7), draw.randint(9, 90)
    back = draw.random() < 0.4
    answer = _DAYS[(today + (-days if back else days)) % 7]
    wordings = (
        f"If today is {_DAYS[today]}, what day of the week was it {days} days ago?"
        if back
        else f"If today is {_DAYS[today]}, what day of the week will it be in {days} days?",
        f"Today is {_DAYS[today]}. Which weekday is {days} days {'before' if back else 'after'} today?",
    )
    return Draft(word_question(draw, draw.choice(wordings)), words.choice(answer, _DAYS), answer)


def dates(draw: random.Random) -> Draft:
    """Days between dates, or the date some days later."""
    start = datetime.date(draw.randint(1990, 2030), draw.randint(1, 12), draw.randint(1, 28))
    days = draw.randint(15, 200)
    end = start + datetime.timedelta(days=days)
    if draw.random() < 0.5:
        return Draft(
            number_question(draw, f"How many days are there from {_spelled(start)} to {_spelled(end)}?"),
            amounts.number(days),
            str(days),
        )
    question = f"Which date is {days} days after {_spelled(start)}? Answer as YYYY-MM-DD."
    return Draft(question, amounts.date(end.year, end.month, end.day), end.isoformat())


def _spelled(day: datetime.date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def times(draw: random.Random) -> Draft:
    """When something ends, or how long it took."""
    start, length = draw.randint(6 * 60, 16 * 60), draw.randint(35, 290)
    end = start + length
    what = draw.choice(("meeting", "concert", "flight", "workshop", "film"))
    if draw.random() < 0.5:
        told = f"A {what} starts at {_clock(start)} and lasts {_span(length)}."
        question = f"{told} At what time does it end? Answer in 24-hour form, HH:MM."
        return Draft(question, amounts.clock(end // 60, end % 60), _clock(end))
    question = (
        f"A {what} begins at {_clock(start)} and ends at {_clock(end)} on the same day. How many minutes does it last?"
    )
    return Draft(number_question(draw, question), amounts.number(length), str(length))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} hour{'s' * (hours != 1)}"] * bool(hours) + [f"{rest} minute{'s' * (rest != 1)}"] * bool(rest)
    return " and ".join(parts)


def units(draw: random.Random) -> Draft:
    """Conversion, exact."""
    n = draw.randint(3, 60)
    half = Fraction(2 * n + 1, 2)
    conversions: tuple[tuple[str, str, str, Fraction], ...] = (
        (f"{float(half):g}", "kilometres", "metres", half * 1000),
        (str(n * 250), "grams", "kilograms", Fraction(n, 4)),
        (f"{float(half):g}", "hours", "minutes", half * 60),
        (str(n), "weeks", "days", Fraction(n * 7)),
        (str(n * 12), "inches", "feet", Fraction(n)),
        (str(n * 10), "degrees Celsius", "degrees Fahrenheit", Fraction(n * 18 + 32)),
        (str(n), "litres", "millilitres", Fraction(n * 1000)),
        (str(n * 16), "ounces", "pounds", Fraction(n)),
        (str(n * 50), "centimetres", "metres", Fraction(n, 2)),
    )
    amount, source, target, value = draw.choice(conversions)
    wordings = (
        f"Convert {amount} {source} to {target}.",
        f"What is {amount} {source} in {target}?",
        f"Express {amount} {source} in {target}.",
    )
    return Draft(number_question(draw, draw.choice(wordings)), amounts.number(value), f"{float(value):g}")


def ordering(draw: random.Random) -> Draft:
    """Numbers or words put in order."""
    falling = draw.random() < 0.5
    if draw.random() < 0.5:
        values = draw.sample(range(-30, 400), 6)
        ordered = [str(value) for value in sorted(values, reverse=falling)]
        how = "from largest to smallest" if falling else "in ascending order"
        items = ", ".join(map(str, values))
    else:
        chosen = draw.sample(_WORDS, 5)
        ordered = sorted(chosen, reverse=falling)
        how = "in reverse alphabetical order" if falling else "alphabetically"
        items = ", ".join(chosen)
    question = draw.choice(
        (
            f"Sort these {how}: {items}.",
            f"Put the following items {how}: {items}.",
            f"Arrange this list {how}: {items}.",
        )
    )
    return Draft(
        f"{question} Answer with the list only, separated by commas.", checks.sequence(ordered), ", ".join(ordered)
    )


def repeating(draw: random.Random) -> Draft:
    """A word, repeated a given number of times."""
    word, times_, (name, between) = (
        draw.choice(_WORDS),
        draw.randint(3, 7),
        draw.choice((("commas", ", "), ("hyphens", "-"), ("spaces", " "))),
    )
    question = f'Write the word "{word}" exactly {times_} times, separated by {name}. Write nothing else.'
    accepted = [each.join([word] * times_) for each in (between, between.strip() or between)]
    return Draft(question, checks.alone(*accepted), accepted[0])


def counted_words(draw: random.Random) -> Draft:
    """An answer with a given number of words."""
    count, topic = (
        draw.randint(3, 8),
        draw.choice(("the ocean", "winter", "a library", "coffee", "friendship", "the moon")),
    )
    question = draw.choice(
        (
            f"Describe {topic} in exactly {count} words.",
            f"Answer with exactly {count} words: what is {topic} like?",
            f"Using exactly {count} words, say something about {topic}.",
        )
    )
    sample = " ".join(listed("Deep blue waters roll quietly toward distant shores")[:count])
    return Draft(question, checks.words_about(count, topic), sample)


def as_json(draw: random.Random) -> Draft:
    """A JSON object of given fields."""
    name, count, flag = draw.choice(_WORDS), draw.randint(2, 500), draw.choice((True, False))
    expected: dict[str, object] = {"name": name, "count": count, "active": flag}
    shown = f'{{"name": "{name}", "count": {count}, "active": {str(flag).lower()}}}'
    fields = f'"name" set to "{name}", "count" set to the number {count} and "active" set to {str(flag).lower()}'
    question = f"Reply with only a JSON object that has {fields}."
    return Draft(question, checks.json_object(expected), shown)


def echoing(draw: random.Random) -> Draft:
    """Exactly this, in capitals or not."""
    word = draw.choice(_WORDS)
    kinds = (
        (f'Reply with only the word "{word}" in capital letters.', word.upper()),
        (f'Answer with just the word "{word}", nothing else.', word),
        (f'Respond with exactly "{word} {word}" and nothing more.', f"{word} {word}"),
    )
    question, expected = draw.choice(kinds)
    return Draft(question, checks.alone(expected), expected)


def extremes(draw: random.Random) -> Draft:
    """The largest, the second smallest, the longest."""
    values = draw.sample(range(10, 900), 6)
    ordered = sorted(values)
    items = ", ".join(map(str, values))
    kinds = (
        ("largest", ordered[-1]),
        ("smallest", ordered[0]),
        ("second largest", ordered[-2]),
        ("second smallest", ordered[1]),
    )
    which, value = draw.choice(kinds)
    return Draft(
        number_question(draw, f"Which is the {which} of these numbers: {items}?"), amounts.number(value), str(value)
    )


TEMPLATES: Mapping[str, Template] = {
    "weekday": weekday,
    "units": units,
    "ordering": ordering,
    "dates": dates,
    "counted-words": counted_words,
    "times": times,
    "repeating": repeating,
    "as-json": as_json,
    "echoing": echoing,
    "extremes": extremes,
}
