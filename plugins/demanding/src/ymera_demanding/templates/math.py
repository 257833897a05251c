"""Mathematics of many steps, where one slip gives another number."""

import math
import random
from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations, permutations, product

from ymera_demanding.task import Draft, Template, numeric, textual


def systems(draw: random.Random) -> Draft:
    """Three equations with three unknowns."""
    values = [draw.randint(-9, 9) for _ in range(3)]
    while True:
        rows = [[draw.choice((-5, -4, -3, -2, 2, 3, 4, 5)) for _ in range(3)] for _ in range(3)]
        if _determinant(rows):
            break
    texts = [f"{a}x + ({b})y + ({c})z = {a * values[0] + b * values[1] + c * values[2]}" for a, b, c in rows]
    k = draw.randint(3, 9)
    total = values[0] * values[1] + k * values[2]
    return numeric(f"Given {'; '.join(texts)}: what is x·y + {k}z?", total)


def _determinant(rows: list[list[int]]) -> int:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def towers(draw: random.Random) -> Draft:
    """A power of a power modulo a number that is not prime."""
    base, low, high, modulus = draw.randint(3, 19), draw.randint(3, 9), draw.randint(11, 40), draw.randint(30, 99)
    return numeric(
        f"What is the remainder when {base}^({low}^{high}) is divided by {modulus}?", pow(base, low**high, modulus)
    )


def remainders(draw: random.Random) -> Draft:
    """The largest number below a bound with given remainders, whose moduli share factors."""
    moduli = draw.sample((6, 8, 9, 10, 14, 15, 21), 3)
    bound = draw.randint(2_000, 6_000)
    number = draw.randint(bound // 2, bound)
    told = ", ".join(f"{number % each} when divided by {each}" for each in moduli)
    best = max(each for each in range(bound) if all(each % m == number % m for m in moduli))
    return numeric(f"What is the largest whole number below {bound} that leaves a remainder of {told}?", best)


def paths(draw: random.Random) -> Draft:
    """Ways through a grid with blocked crossings."""
    width, height = draw.randint(5, 7), draw.randint(4, 6)
    inner = [(x, y) for x in range(width + 1) for y in range(height + 1) if (x, y) not in ((0, 0), (width, height))]
    blocked = draw.sample(inner, 3)
    ways = {(0, 0): 1}
    for x, y in product(range(width + 1), range(height + 1)):
        if (x, y) != (0, 0):
            ways[x, y] = 0 if (x, y) in blocked else ways.get((x - 1, y), 0) + ways.get((x, y - 1), 0)
    told = ", ".join(map(str, blocked))
    question = f"How many shortest grid paths lead from (0, 0) to ({width}, {height}) by unit steps right or up "
    return numeric(f"{question}that pass through none of the points {told}?", ways[width, height])


def fixed_points(draw: random.Random) -> Draft:
    """Permutations with some fixed points."""
    size, least = draw.randint(6, 13), draw.randint(0, 2)
    most = least + draw.randint(1, 3)
    count = sum(math.comb(size, fixed) * _derangements(size - fixed) for fixed in range(least, most + 1))
    return numeric(f"How many permutations of {size} objects leave {least} to {most} of them in their place?", count)


def _derangements(size: int) -> int:
    return sum((-1) ** each * math.factorial(size) // math.factorial(each) for each in range(size + 1))


def partitions(draw: random.Random) -> Draft:
    """Sums of different parts with limits."""
    total, low, high = draw.randint(18, 30), draw.randint(1, 3), draw.randint(9, 13)
    ways = [1] + [0] * total
    for part in range(low, high + 1):
        for at in range(total, part - 1, -1):
            ways[at] += ways[at - part]
    question = f"In how many ways is {total} a sum of different whole numbers from {low} to {high}, "
    return numeric(f"{question}if the order of the summands does not matter?", ways[total])


def dice(draw: random.Random) -> Draft:
    """A conditional probability with three dice."""
    sides = draw.choice((6, 8, 10, 12))
    total, least = draw.randint(sides, 2 * sides + 2), draw.randint(sides // 2, sides - 2)
    rolls = [each for each in product(range(1, sides + 1), repeat=3) if sum(each) == total]
    good = [each for each in rolls if max(each) >= least and len(set(each)) == 3]
    question = f"Three fair dice with the numbers 1 to {sides} show a sum of {total}. What is the probability that all three differ and at least one "
    return numeric(f"{question}shows {least} or more, as a fraction?", Fraction(len(good), len(rolls)), "fraction")


def chains(draw: random.Random) -> Draft:
    """A Markov chain after some steps."""
    parts = [[draw.randint(1, 4) for _ in range(3)] for _ in range(3)]
    rows = [[Fraction(each, sum(row)) for each in row] for row in parts]
    steps, state, end = draw.randint(3, 4), draw.randrange(3), draw.randrange(3)
    now = [Fraction(each == state) for each in range(3)]
    for _ in range(steps):
        now = [sum(now[one] * rows[one][other] for one in range(3)) for other in range(3)]  # type: ignore[misc]  # Fraction
    told = "; ".join(
        f"from {'ABC'[one]} to A, B, C with {', '.join(str(each) for each in rows[one])}" for one in range(3)
    )
    question = f"Each minute a robot moves between rooms: {told}. It starts in {'ABC'[state]}. With which probability "
    return numeric(f"{question}is it in {'ABC'[end]} after {steps} moves, as a fraction?", now[end], "fraction")


def bases(draw: random.Random) -> Draft:
    """Arithmetic in another base."""
    base = draw.choice((5, 6, 7, 9, 11, 12))
    one, other, third = (draw.randint(base**3, base**4) for _ in range(3))
    told = f"({_in_base(one, base)} × {_in_base(draw_small := draw.randint(3, base * 2), base)})"
    result = one * draw_small + other - third
    sign = "-" if result < 0 else ""
    question = f"All numbers here are written in base {base} (digits after 9 are A and B). Compute {told} + "
    question += f"{_in_base(other, base)} - {_in_base(third, base)}, and give the result in base {base}."
    return textual(question, f"{sign}{_in_base(abs(result), base)}", "number")


def _in_base(number: int, base: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = "0123456789AB"[digit] + digits
    return digits or "0"


def polygons(draw: random.Random) -> Draft:
    """The area of a polygon with six corners."""
    corners = sorted(
        {(draw.randint(-9, 9), draw.randint(-9, 9)) for _ in range(6)}, key=lambda each: math.atan2(each[1], each[0])
    )
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    doubled = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs))
    told = ", ".join(map(str, corners))
    question = f"By the shoelace formula, what is the area enclosed by the closed path through {told} in this order?"
    return numeric(question, Fraction(doubled, 2))


def roots(draw: random.Random) -> Draft:
    """Power sums of the roots of a cubic."""
    a, b, c = (draw.choice([*range(-7, 0), *range(1, 8)]) for _ in range(3))
    p1, p2 = -a, a * a - 2 * b
    p3 = -a * p2 - b * p1 - 3 * c
    p4 = -a * p3 - b * p2 - c * p1
    question = f"The roots of x³ + ({a})x² + ({b})x + ({c}) = 0 are r, s and t. What is r⁴ + s⁴ + t⁴?"
    return numeric(question, p4)


def continued(draw: random.Random) -> Draft:
    """A continued fraction, and what it differs from a number."""
    terms = [draw.randint(1, 6) for _ in range(5)]
    value = Fraction(terms[-1])
    for term in reversed(terms[:-1]):
        value = term + 1 / value
    question = f"What is the value of the continued fraction [{terms[0]}; {', '.join(map(str, terms[1:]))}]"
    return numeric(f"{question} as a fraction in lowest terms?", value, "fraction")


def digits(draw: random.Random) -> Draft:
    """Numbers with a given sum of digits and another condition."""
    total, divisor = draw.randint(9, 16), draw.choice((3, 4, 7, 8, 11))
    count = sum(sum(map(int, str(each))) == total and each % divisor == 0 for each in range(1, 10_000))
    question = f"How many whole numbers from 1 to 9999 have the sum of digits {total} and are divisible by {divisor}?"
    return numeric(question, count)


def divisible(draw: random.Random) -> Draft:
    """Inclusion and exclusion over four sets."""
    numbers, limit = draw.sample((4, 6, 7, 9, 10, 15), 4), draw.randint(1_000, 4_000)
    exactly = sum(sum(each % one == 0 for one in numbers) == 2 for each in range(1, limit + 1))
    told = ", ".join(map(str, numbers))
    return numeric(f"How many whole numbers from 1 to {limit} are divisible by exactly two of {told}?", exactly)


def recurrences(draw: random.Random) -> Draft:
    """A far term of a recurrence, modulo a number."""
    a, b, p, q, at, modulus = (draw.randint(*each) for each in ((1, 5), (1, 5), (2, 4), (1, 5), (25, 60), (11, 40)))
    terms = [a, b]
    while len(terms) < at:
        terms.append((p * terms[-1] + q * terms[-2]) % modulus)
    rule = f"a(1) = {a}, a(2) = {b} and a(n) = {p}·a(n-1) + {q}·a(n-2) for n > 2"
    return numeric(
        f"A sequence has {rule}. What is the remainder of a({at}) divided by {modulus}?", terms[-1] % modulus
    )


def change(draw: random.Random) -> Draft:
    """Ways to pay, with a limit on one coin."""
    coins, total, limit = sorted(draw.sample((2, 3, 5, 7, 8, 11), 4)), draw.randint(30, 60), draw.randint(2, 4)
    ways = [0] * (total + 1)
    for count in range(limit + 1):
        if coins[-1] * count <= total:
            ways[coins[-1] * count] += 1
    for coin in coins[:-1]:
        for at in range(coin, total + 1):
            ways[at] += ways[at - coin]
    told = ", ".join(map(str, coins[:-1]))
    question = f"In how many ways can {total} be paid with coins of {told} and at most {limit} coins of {coins[-1]}?"
    return numeric(question, ways[total])


def bounded(draw: random.Random) -> Draft:
    """Solutions with bounds."""
    total, *highs = (draw.randint(*each) for each in ((14, 22), (4, 7), (5, 9), (6, 9), (3, 8)))
    count = sum(sum(each) == total for each in product(*(range(high + 1) for high in highs)))
    told = ", ".join(f"{name} ≤ {high}" for name, high in zip("abcd", highs, strict=True))
    return numeric(f"How many solutions in whole numbers of 0 or more has a + b + c + d = {total} with {told}?", count)


def zeros(draw: random.Random) -> Draft:
    """Zeros at the end of a quotient of factorials in another base."""
    large, small, base = draw.randint(90, 200), draw.randint(20, 60), draw.choice((6, 10, 12, 15, 20))
    number, count = math.factorial(large) // math.factorial(small), 0
    while number % base == 0:
        number, count = number // base, count + 1
    return numeric(f"With how many zeros does {large}!/{small}! end when written in base {base}?", count)


def mixtures(draw: random.Random) -> Draft:
    """A tank that is emptied and refilled several times."""
    litres, first, second, times = draw.randint(20, 60), draw.randint(2, 6), draw.randint(3, 8), draw.randint(2, 3)
    salt = Fraction(draw.randint(4, 15))
    left = salt
    for _ in range(times):
        left *= Fraction(litres - first, litres)
        left *= Fraction(litres - second, litres)
    question = (
        f"A tank of {litres} litres of brine holds {salt} kg of salt. {times} times in turn, {first} litres are drawn "
    )
    question += (
        f"off and replaced by water, then {second} litres are drawn off and replaced by water. How many kg of salt"
    )
    return numeric(f"{question} are left, as an exact fraction?", left, "fraction")


def matrices(draw: random.Random) -> Draft:
    """The trace of a power of a matrix."""
    rows = [[draw.randint(-3, 4) for _ in range(3)] for _ in range(3)]
    power, made = draw.randint(3, 4), rows
    for _ in range(power - 1):
        made = [[sum(made[i][k] * rows[k][j] for k in range(3)) for j in range(3)] for i in range(3)]
    return numeric(f"What is the trace of the matrix {rows} to the power {power}?", sum(made[i][i] for i in range(3)))


def games(draw: random.Random) -> Draft:
    """Losing positions of a subtraction game."""
    takes, limit = sorted(draw.sample(range(1, 9), 3)), draw.randint(60, 140)
    wins = [False]
    for pile in range(1, limit + 1):
        wins.append(any(pile >= take and not wins[pile - take] for take in takes))
    told = f"{takes[0]}, {takes[1]} or {takes[2]}"
    question = (
        f"Two players take {told} stones in turn from one pile; who can't move loses. For how many pile sizes from "
    )
    return numeric(
        f"{question}1 to {limit} does the player who moves first lose under best play?", wins[1:].count(False)
    )


def seats(draw: random.Random) -> Draft:
    """Seatings with conditions."""
    size = draw.randint(6, 7)
    names = "ABCDEFG"[:size]
    one, other, third = draw.sample(names, 3)
    fits = sum(
        abs(each.index(one) - each.index(other)) > 1 and each.index(third) < each.index(one)
        for each in permutations(names)
    )
    question = (
        f"{size} people {', '.join(names)} sit in a row. {one} and {other} do not sit next to each other, and {third} "
    )
    return numeric(f"{question}sits somewhere to the left of {one}. How many seatings are there?", fits)


def subsets(draw: random.Random) -> Draft:
    """Subsets with a divisible sum."""
    high, size, divisor = draw.randint(10, 14), draw.randint(3, 5), draw.randint(3, 7)
    count = sum(sum(each) % divisor == 0 for each in combinations(range(1, high + 1), size))
    question = f"How many subsets of {size} elements of {{1, …, {high}}} have a sum that is divisible by {divisor}?"
    return numeric(question, count)


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        systems, towers, remainders, paths, fixed_points, partitions, dice, chains, bases, polygons, roots, continued,
        digits, divisible, recurrences, change, bounded, zeros, mixtures, matrices, games, seats, subsets,
    )
}  # fmt: skip
