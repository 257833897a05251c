"""Coding: what a small program prints; the expected output is computed by the same steps."""

import random
from collections.abc import Mapping

from ymera_basics.task import Draft, Template
from ymera_service.sdk.grading import checks

_WORDS = ("lantern", "orbit", "pepper", "signal", "harbor", "violet", "basket", "meadow", "cactus", "summit")
_ASKS = (
    "What does this Python program print?\n\n{code}\n\nAnswer with the output only.",
    "Read this Python code and predict its output.\n\n{code}\n\nGive only what it prints.",
    "Here is a Python snippet:\n\n{code}\n\nWhat is the exact output? Reply with the output and nothing else.",
)


def _program(draw: random.Random, code: str, *printed: object) -> Draft:
    expected = "\n".join(map(str, printed))
    return Draft(draw.choice(_ASKS).format(code=f"```python\n{code}\n```"), checks.output(expected), expected)


def loop(draw: random.Random) -> Draft:
    """A sum over a range, with a condition."""
    start, stop, divisor = draw.randint(0, 5), draw.randint(9, 25), draw.choice((2, 3, 4))
    code = (
        f"total = 0\nfor number in range({start}, {stop}):\n    if number % {divisor} == 0:\n"
        "        total += number\nprint(total)"
    )
    return _program(draw, code, sum(number for number in range(start, stop) if number % divisor == 0))


def slices(draw: random.Random) -> Draft:
    """Slices of a text."""
    text, start, stop = draw.choice(_WORDS), draw.randint(0, 2), draw.randint(4, 6)
    code = f'text = "{text}"\nprint(text[{start}:{stop}])\nprint(text[::-1])'
    return _program(draw, code, text[start:stop], text[::-1])


def comprehension(draw: random.Random) -> Draft:
    """A list made of another."""
    values, limit, factor = draw.sample(range(1, 30), 6), draw.randint(8, 18), draw.randint(2, 5)
    code = f"values = {values}\nprint([value * {factor} for value in values if value > {limit}])"
    return _program(draw, code, [value * factor for value in values if value > limit])


def recursion(draw: random.Random) -> Draft:
    """A function that calls itself."""
    n, base, step = draw.randint(3, 7), draw.randint(1, 4), draw.randint(1, 3)
    code = f"def f(n):\n    if n == 0:\n        return {base}\n    return f(n - 1) * 2 + {step}\n\nprint(f({n}))"
    value = base
    for _ in range(n):
        value = value * 2 + step
    return _program(draw, code, value)


def counting(draw: random.Random) -> Draft:
    """A dictionary that counts letters."""
    text = draw.choice(("banana", "mississippi", "committee", "bookkeeper", "assessment", "possession"))
    wanted = draw.choice(sorted(set(text)))
    code = (
        f'counts = {{}}\nfor letter in "{text}":\n'
        "    counts[letter] = counts.get(letter, 0) + 1\n"
        f'print(counts["{wanted}"], len(counts))'
    )
    return _program(draw, code, f"{text.count(wanted)} {len(set(text))}")


def halving(draw: random.Random) -> Draft:
    """A while loop with two branches."""
    n = draw.randint(5, 40)
    code = (
        f"n = {n}\nsteps = 0\nwhile n != 1:\n    if n % 2 == 0:\n        n = n // 2\n"
        "    else:\n        n = n + 3\n    steps += 1\n    if steps == 8:\n        break\n"
        "print(steps, n)"
    )
    steps = 0
    while n != 1:
        n, steps = (n // 2 if n % 2 == 0 else n + 3), steps + 1
        if steps == 8:
            break
    return _program(draw, code, f"{steps} {n}")


def sorting(draw: random.Random) -> Draft:
    """Sorting by a key."""
    words = draw.sample(_WORDS, 4)
    code = f"words = {words}\nwords.sort(key=lambda word: word[-1])\nprint(words[0])\nprint(sorted(words)[-1].upper())"
    return _program(draw, code, min(words, key=lambda word: word[-1]), max(words).upper())


def sharing(draw: random.Random) -> Draft:
    """Two names for one list."""
    a, b, c, d = (draw.randint(1, 20) for _ in range(4))
    copied = draw.random() < 0.5
    code = (
        f"first = [{a}, {b}]\nsecond = first{'.copy()' if copied else ''}\n"
        f"second.append({c})\nfirst[0] = {d}\nprint(len(first), sum(second))"
    )
    first, second = [a, b], [a, b, c]
    if not copied:
        first = second
    first[0] = d
    return _program(draw, code, f"{len(first)} {sum(second)}")


def scopes(draw: random.Random) -> Draft:
    """Names inside and outside a function, and defaults."""
    x, y, add = draw.randint(1, 9), draw.randint(10, 20), draw.randint(2, 6)
    code = (
        f"x = {x}\n\ndef change(y, by={add}):\n    x = y * by\n    return x\n\n"
        f"print(change({y}))\nprint(change({y}, by=2) - x)"
    )
    return _program(draw, code, y * add, y * 2 - x)


def formatting(draw: random.Random) -> Draft:
    """Formatted strings and integer division."""
    name, n, m = draw.choice(_WORDS), draw.randint(20, 99), draw.randint(3, 9)
    code = (
        f'name, n = "{name}", {n}\nprint(f"{{name.title()}}: {{n // {m}}} rest {{n % {m}}}")\nprint("-".join(name[:3]))'
    )
    return _program(draw, code, f"{name.title()}: {n // m} rest {n % m}", "-".join(name[:3]))


def nesting(draw: random.Random) -> Draft:
    """Loops within loops."""
    rows, columns, skip = draw.randint(2, 5), draw.randint(2, 5), draw.randint(1, 3)
    code = (
        f"count = 0\nfor i in range({rows}):\n    for j in range({columns}):\n"
        f"        if i == j:\n            continue\n        count += i + j * {skip}\n"
        "print(count)"
    )
    return _program(draw, code, sum(i + j * skip for i in range(rows) for j in range(columns) if i != j))


TEMPLATES: Mapping[str, Template] = {
    "loop": loop,
    "slices": slices,
    "comprehension": comprehension,
    "recursion": recursion,
    "counting": counting,
    "halving": halving,
    "sorting": sorting,
    "sharing": sharing,
    "scopes": scopes,
    "formatting": formatting,
    "nesting": nesting,
}
