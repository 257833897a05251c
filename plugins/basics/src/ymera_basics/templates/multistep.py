"""Mathematics of several steps: systems, remainders, counting, probability as a fraction."""

import math
import random
from collections.abc import Mapping
from fractions import Fraction

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import PEOPLE
from ymera_service.sdk.grading import amounts

_LETTERS = ("banana", "pepper", "letter", "balloon", "success", "committee", "tomato", "coffee")


def _answered(question: str, answer: int | Fraction, form: str = "number") -> Draft:
    return Draft(f"{question} End with a line 'Answer: <{form}>'.", amounts.number(answer), f"Answer: {answer}")


def systems(draw: random.Random) -> Draft:
    """Two equations with two unknowns, of which a combination is asked."""
    x, y, a, d = draw.randint(-9, 12), draw.randint(-9, 12), draw.randint(2, 7), draw.randint(2, 7)
    c, k = draw.randint(2, 8), draw.randint(2, 5)
    text = f"{a}x + 3y = {a * x + 3 * y} and {c}x - {d}y = {c * x - d * y}"
    return _answered(f"If {text}, what is the value of x + {k}y?", x + k * y)


def powers(draw: random.Random) -> Draft:
    """The remainder of a large power."""
    base, exponent, modulus = draw.randint(3, 19), draw.randint(40, 400), draw.choice((7, 11, 13, 17, 19, 23))
    question = f"What is the remainder when {base}^{exponent} + {exponent} is divided by {modulus}?"
    return _answered(question, (pow(base, exponent, modulus) + exponent) % modulus)


def remainders(draw: random.Random) -> Draft:
    """The smallest number with given remainders."""
    moduli = draw.sample((5, 7, 8, 9, 11, 13), 3)
    number = draw.randint(50, math.prod(moduli) - 1)
    told = ", ".join(f"{number % each} when divided by {each}" for each in moduli)
    return _answered(f"What is the smallest positive whole number that leaves a remainder of {told}?", number)


def arrangements(draw: random.Random) -> Draft:
    """Orders of letters that repeat."""
    word = draw.choice(_LETTERS)
    repeats = math.prod(math.factorial(word.count(each)) for each in set(word))
    question = f'In how many different orders can the letters of the word "{word}" be arranged?'
    return _answered(question, math.factorial(len(word)) // repeats)


def committees(draw: random.Random) -> Draft:
    """Groups with at least a number of members of a kind."""
    women, men, size, least = draw.randint(4, 8), draw.randint(4, 8), draw.randint(3, 5), draw.randint(1, 2)
    ways = sum(math.comb(women, each) * math.comb(men, size - each) for each in range(least, size + 1))
    group = f"From {women} women and {men} men a committee of {size} is chosen"
    return _answered(f"{group}. In how many ways can it have {least} or more women?", ways)


def draws(draw: random.Random) -> Draft:
    """A probability without replacement, as a fraction."""
    red, blue, green = (draw.randint(2, 8) for _ in range(3))
    total = red + blue + green
    bag = f"A bag holds {red} red, {blue} blue and {green} green balls. Two are drawn without putting any back."
    pairs = math.comb(total, 2)
    same = sum(math.comb(each, 2) for each in (red, blue, green))
    asked, ways = draw.choice(
        (("they have the same colour", same), ("exactly one of them is red", red * (total - red)))
    )
    return _answered(f"{bag} What is the probability that {asked}, as a fraction?", Fraction(ways, pairs), "fraction")


def working(draw: random.Random) -> Draft:
    """Work done together, after one has begun alone."""
    one, other = draw.sample(PEOPLE, 2)
    slow, fast, alone = draw.randint(8, 15), draw.randint(4, 7), draw.randint(1, 3)
    rest = (1 - Fraction(alone, slow)) / (Fraction(1, slow) + Fraction(1, fast))
    told = f"{one} paints a fence in {slow} hours, {other} in {fast} hours. {one} begins alone; {other} joins after "
    question = f"{told}{alone} hour{'s' * (alone > 1)}. How many hours do they then work together until it is finished"
    return _answered(f"{question}, as a fraction?", rest, "fraction")


def recurrence(draw: random.Random) -> Draft:
    """A term far along a recurrence."""
    first, second, p, q, at = (draw.randint(low, high) for low, high in ((1, 4), (1, 5), (2, 3), (1, 3), (7, 9)))
    terms = [first, second]
    while len(terms) < at:
        terms.append(p * terms[-1] - q * terms[-2])
    rule = f"a(1) = {first}, a(2) = {second} and a(n) = {p}·a(n-1) - {q}·a(n-2) for n > 2"
    return _answered(f"A sequence is given by {rule}. What is a({at})?", terms[-1])


def divisible(draw: random.Random) -> Draft:
    """Numbers divisible by one of two, and not by a third."""
    (a, b), c, limit = draw.sample((3, 4, 5, 6, 7), 2), draw.choice((8, 9, 10, 11)), draw.randint(150, 600)
    count = sum((each % a == 0 or each % b == 0) and each % c != 0 for each in range(1, limit + 1))
    return _answered(f"How many whole numbers from 1 to {limit} are divisible by {a} or {b}, but not by {c}?", count)


TEMPLATES: Mapping[str, Template] = {
    "hard-systems": systems,
    "hard-powers": powers,
    "hard-draws": draws,
    "hard-remainders": remainders,
    "hard-committees": committees,
    "hard-arrangements": arrangements,
    "hard-working": working,
    "hard-recurrence": recurrence,
    "hard-divisible": divisible,
}
