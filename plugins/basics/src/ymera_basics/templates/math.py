"""Mathematics: sums, equations and stories with one number as their answer."""

import math
import random
from collections.abc import Mapping
from fractions import Fraction

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import PEOPLE, number_question
from ymera_service.sdk.grading import amounts


def _number(draw: random.Random, question: str, answer: Fraction | int) -> Draft:
    shown = str(answer) if isinstance(answer, int) or answer.denominator == 1 else f"{float(answer):g}"
    return Draft(number_question(draw, question), amounts.number(answer), f"Answer: {shown}")


def expression(draw: random.Random) -> Draft:
    """A sum with parentheses and precedence."""
    a, b, c, d = (draw.randint(2, 25) for _ in range(4))
    shapes = (
        (f"{a} + {b} × {c}", a + b * c),
        (f"({a} + {b}) × {c} - {d}", (a + b) * c - d),
        (f"{a * b} ÷ {a} + {c}", b + c),
        (f"{a} × {b} - {c} × {d}", a * b - c * d),
        (f"({a + b} - {a}) × ({c} + {d})", b * (c + d)),
    )
    text, value = draw.choice(shapes)
    return _number(
        draw, draw.choice((f"What is {text}?", f"Calculate {text}.", f"Work out the value of {text}.")), value
    )


def equation(draw: random.Random) -> Draft:
    """A linear equation with a whole solution."""
    x, a, b, c = draw.randint(-12, 20), draw.randint(3, 9), draw.randint(1, 30), draw.randint(1, 2)
    right = a * x + b - c * x
    equations = (
        f"{a}x + {b} = {a * x + b}",
        f"{a}x + {b} = {f'{c}x' if c > 1 else 'x'} + {right}".replace("+ -", "- "),
        f"{a}(x - {c}) = {a * (x - c)}",
    )
    text = draw.choice(equations)
    return _number(
        draw, draw.choice((f"Solve for x: {text}.", f"Find x if {text}.", f"Which value of x satisfies {text}?")), x
    )


def shopping(draw: random.Random) -> Draft:
    """Two prices, two counts, change from a note."""
    who, (one, other) = (
        draw.choice(PEOPLE),
        draw.sample(("notebooks", "pens", "erasers", "folders", "mugs", "candles"), 2),
    )
    n, m, p, q = draw.randint(2, 9), draw.randint(2, 9), draw.randint(2, 12), draw.randint(2, 12)
    cost = n * p + m * q
    note = (cost // 50 + 1) * 50
    told = f"{who} buys {n} {one} at ${p} each and {m} {other} at ${q} each"
    if draw.random() < 0.5:
        return _number(draw, f"{told}. How much does {who} pay in total, in dollars?", cost)
    return _number(draw, f"{who} has ${note}. {told}. How many dollars does {who} have left?", note - cost)


def travel(draw: random.Random) -> Draft:
    """Speed, time and distance, one of them unknown."""
    speed, hours = draw.choice((40, 50, 60, 72, 80, 90, 100)), Fraction(draw.choice((3, 4, 5, 6, 7, 8, 9)), 2)
    distance, time = speed * hours, f"{float(hours):g}"
    thing = draw.choice(("train", "bus", "van", "cyclist on a motorbike", "ferry"))
    kind = draw.randrange(3)
    if kind == 0:
        return _number(
            draw, f"A {thing} travels at {speed} km per hour for {time} hours. How many km does it cover?", distance
        )
    if kind == 1:
        return _number(
            draw,
            f"A {thing} covers {float(distance):g} km at {speed} km per hour. How many hours does that take?",
            hours,
        )
    return _number(
        draw,
        f"A {thing} covers {float(distance):g} km in {time} hours. What is its average speed in km per hour?",
        speed,
    )


def boxes(draw: random.Random) -> Draft:
    """Groups of equal size, some lost, some shared."""
    n, each, lost = draw.randint(4, 15), draw.randint(6, 24), draw.randint(2, 20)
    thing = draw.choice(("eggs", "oranges", "tiles", "bottles", "light bulbs"))
    if draw.random() < 0.5:
        told = f"A shop receives {n} crates with {each} {thing} in each crate. {lost} {thing} are broken."
        question = f"{told} How many {thing} can be sold?"
        return _number(draw, question, n * each - lost)
    total = n * each + draw.randint(1, each - 1)
    return _number(
        draw, f"A crate holds {each} {thing}. How many crates are needed to pack {total} {thing}?", -(-total // each)
    )


def percent(draw: random.Random) -> Draft:
    """Discounts, increases and shares."""
    rate, base = draw.choice((5, 10, 15, 20, 25, 30, 40)), draw.randint(2, 40) * 20
    part = Fraction(base * rate, 100)
    questions = (
        (f"A jacket costs ${base}. It is reduced by {rate}%. What is its new price in dollars?", base - part),
        (f"A town of {base} people grew by {rate}% in a year. How many people live there now?", base + part),
        (f"What is {rate}% of {base}?", part),
        (
            f"A bill comes to ${base} and {draw.choice(PEOPLE)} adds a {rate}% tip. How many dollars is the total?",
            base + part,
        ),
        (f"In a school of {base} pupils, {rate}% walk to school. How many pupils do not walk to school?", base - part),
    )
    return _number(draw, *draw.choice(questions))


def comparison(draw: random.Random) -> Draft:
    """Who has how many, by comparison."""
    one, other = draw.sample(PEOPLE, 2)
    base, more, times = draw.randint(5, 40), draw.randint(2, 20), draw.randint(2, 5)
    thing = draw.choice(("stamps", "shells", "marbles", "badges"))
    ratio = f"{one} has {times} times as many {thing} as {other}."
    questions = (
        (
            f"{one} has {base} {thing}. {other} has {more} more {thing} than {one}. How many {thing} are that in all?",
            2 * base + more,
        ),
        (
            f"{ratio} {other} has {base} {thing}. How many {thing} does {one} have?",
            times * base,
        ),
        (
            f"{ratio} Together they have {(times + 1) * base} {thing}. How many {thing} does {other} have?",
            base,
        ),
        (f"{one} is {more} years older than {other}. {other} is {base} years old. How old is {one}?", base + more),
    )
    return _number(draw, *draw.choice(questions))


def sequence(draw: random.Random) -> Draft:
    """The next term of a regular sequence."""
    start, step, factor = draw.randint(1, 20), draw.randint(2, 12), draw.choice((2, 3))
    kinds = (
        [start + step * at for at in range(6)],
        [start * factor**at for at in range(6)],
        [at * at + start for at in range(1, 7)],
        _sums(start, step),
        [start * factor**at - 1 for at in range(6)],
    )
    terms = draw.choice(kinds)
    shown = ", ".join(map(str, terms[:-1]))
    return _number(
        draw,
        draw.choice(
            (
                f"What number comes next in the sequence {shown}?",
                f"Continue the pattern with one more term: {shown}, ...",
            )
        ),
        terms[-1],
    )


def _sums(one: int, other: int) -> list[int]:
    terms = [one, other]
    while len(terms) < 7:
        terms.append(terms[-1] + terms[-2])
    return terms


def divisors(draw: random.Random) -> Draft:
    """Common divisors, multiples, remainders, primes."""
    common, a, b = draw.randint(2, 15), *draw.sample((2, 3, 5, 7, 11), 2)
    m, n, big = common * a, common * b, draw.randint(100, 999)
    questions = (
        (f"What is the greatest common divisor of {m} and {n}?", math.gcd(m, n)),
        (f"Find the least common multiple of {m} and {n}.", math.lcm(m, n)),
        (f"What is the remainder when {big} is divided by {a + b}?", big % (a + b)),
        (
            f"How many prime numbers are there between {common} and {common + 30}?",
            sum(map(_is_prime, range(common, common + 31))),
        ),
        (
            f"What is the smallest prime number greater than {big}?",
            next(value for value in range(big + 1, 2 * big) if _is_prime(value)),
        ),
        (f"What is the sum of the digits of {big * m}?", sum(map(int, str(big * m)))),
    )
    return _number(draw, *draw.choice(questions))


def _is_prime(value: int) -> bool:
    return value > 1 and all(value % divisor for divisor in range(2, math.isqrt(value) + 1))


def averages(draw: random.Random) -> Draft:
    """Mean, median, range of a few values."""
    values = draw.sample(range(3, 60), draw.choice((4, 5, 6)))
    values[-1] += -sum(values) % len(values)
    ordered = sorted(values)
    middle = Fraction(ordered[len(values) // 2] + ordered[(len(values) - 1) // 2], 2)
    shown = ", ".join(map(str, values))
    questions = (
        (f"What is the mean of {shown}?", Fraction(sum(values), len(values))),
        (f"Find the median of these numbers: {shown}.", middle),
        (f"What is the range of the values {shown}?", ordered[-1] - ordered[0]),
    )
    return _number(draw, *draw.choice(questions))


def proportion(draw: random.Random) -> Draft:
    """Proportion: the price of another quantity."""
    n, unit, m = draw.randint(2, 8), draw.randint(2, 9), draw.randint(9, 20)
    questions = (
        (f"{n} tickets cost ${n * unit}. How much do {m} tickets cost, in dollars?", m * unit),
        (
            f"A recipe needs {n * unit} grams of flour for {n} muffins. How many grams does it need for {m} muffins?",
            m * unit,
        ),
        (f"A printer makes {n * unit} pages in {n} minutes. How many pages does it make in {m} minutes?", m * unit),
    )
    return _number(draw, *draw.choice(questions))


def shapes(draw: random.Random) -> Draft:
    """Area, perimeter, volume."""
    a, b, c = (draw.randint(3, 25) for _ in range(3))
    questions = (
        (f"A rectangular garden is {a} m long and {b} m wide. What is its area in square metres?", a * b),
        (f"A rectangle is {a} cm by {b} cm. What is its perimeter in cm?", 2 * (a + b)),
        (f"A box measures {a} cm by {b} cm by {c} cm. What is its volume in cubic centimetres?", a * b * c),
        (f"A triangle has a base of {2 * a} cm and a height of {b} cm. What is its area in square centimetres?", a * b),
    )
    return _number(draw, *draw.choice(questions))


TEMPLATES: Mapping[str, Template] = {
    "expression": expression,
    "shopping": shopping,
    "equation": equation,
    "travel": travel,
    "percent": percent,
    "boxes": boxes,
    "comparison": comparison,
    "sequence": sequence,
    "divisors": divisors,
    "averages": averages,
    "proportion": proportion,
    "shapes": shapes,
}
