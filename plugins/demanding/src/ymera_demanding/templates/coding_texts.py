"""Functions to write that read or make texts; see `coding`."""

import random
from collections.abc import Mapping
from typing import Any

from ymera_demanding.programs import Program, program

WORDS = "amber basil cedar delta ember fjord grove haven ivory jolly koala lemon mango noble olive".split()


def runs(draw: random.Random) -> Program:
    """Encodes runs of letters."""
    least, most = draw.randint(3, 4), draw.randint(5, 9)
    source = f"""
def encode(text):
    made, at = "", 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] == text[at] and end - at < {most}:
            end += 1
        made += text[at] * (end - at) if end - at < {least} else f"#{{end - at}}{{text[at]}}"
        at = end
    return made
"""
    spec = f"""Encode runs of the same letter from left to right: a run of {least} to {most} letters becomes `#`, its length
and the letter; a longer run is first cut into pieces of {most} from the left; shorter pieces are kept as they are."""
    return program(
        draw,
        "encode(text)",
        spec,
        source,
        lambda: ["".join(draw.choice("aab") * draw.randint(1, 12) for _ in range(5))],
    )


def precedence(draw: random.Random) -> Program:
    """Evaluates expressions with unusual precedence."""
    order = draw.sample("+-*", 3)
    source = f"""
def value(text):
    def calculate(tokens, level):
        if level < 0:
            return int(tokens[0])
        sign = {order!r}[level]
        parts, now = [], []
        for token in tokens:
            if token == sign:
                parts.append(now)
                now = []
            else:
                now.append(token)
        parts.append(now)
        values = [calculate(part, level - 1) for part in parts]
        made = values[-1] if sign == "-" else values[0]
        rest = reversed(values[:-1]) if sign == "-" else values[1:]
        for each in rest:
            made = made + each if sign == "+" else made * each if sign == "*" else each - made
        return made
    return calculate(text.split(), 2)
"""
    spec = f"""text has whole numbers and the operators + - * with single spaces between them. Unlike in mathematics,
`{order[0]}` binds tightest, then `{order[1]}`, then `{order[2]}`; and `-` is evaluated from right to left (a - b - c is
a - (b - c)), the others from left to right. Return the value."""

    def given() -> list[Any]:
        tokens = [str(draw.randint(1, 9))]
        for _ in range(draw.randint(1, 6)):
            tokens += [draw.choice("+-*"), str(draw.randint(1, 9))]
        return [" ".join(tokens)]

    return program(draw, "value(text)", spec, source, given)


def numerals(draw: random.Random) -> Program:
    """Writes numbers in invented numerals."""
    letters = draw.sample("BGHJKQRTW", 5)
    values = [1, 4, 12, 36, 180]
    source = f"""
def numeral(n):
    symbols = {list(zip(letters, values, strict=True))!r}
    made = ""
    for at in range(4, -1, -1):
        letter, worth = symbols[at]
        while n >= worth:
            made += letter
            n -= worth
        if at and worth - n == symbols[at - 1][1] and n > 0:
            made += symbols[at - 1][0] + letter
            n = 0
    return made
"""
    told = ", ".join(f"{one} = {other}" for one, other in zip(letters, values, strict=True))
    spec = f"""Write n (1 to 900) in a numeral system with {told}. Go through the symbols from the largest to the smallest.
Append each symbol as often as its value fits into what is left. Then, if what is left is above 0 and exactly the value of
the next smaller symbol is missing to one more of this symbol, append that smaller symbol followed by this one, and
nothing is left."""
    return program(draw, "numeral(n)", spec, source, lambda: [draw.randint(1, 900)])


def justified(draw: random.Random) -> Program:
    """Fills lines with words."""
    fill, side = draw.choice(".-_"), draw.choice(("left", "right"))
    source = f"""
def justify(words, width):
    lines, now = [], []
    for word in words:
        if now and sum(map(len, now)) + len(now) + len(word) > width:
            lines.append(now)
            now = []
        now.append(word)
    lines.append(now)
    made = []
    for index, line in enumerate(lines):
        room = width - sum(map(len, line))
        gaps = len(line) - 1
        if index == len(lines) - 1:
            made.append(({fill!r}.join(line)).rjust(width, {fill!r}))
        elif gaps == 0:
            made.append(line[0] + {fill!r} * room)
        else:
            small, more = divmod(room, gaps)
            text = line[0]
            for at in range(gaps):
                extra = at < more if {side!r} == "left" else at >= gaps - more
                text += {fill!r} * (small + extra) + line[at + 1]
            made.append(text)
    return made
"""
    spec = f"""Put as many of the words as fit into each line of exactly width characters, in order, with at least one `{fill}`
between two words. Spread the `{fill}` of a line as evenly as possible between its words; where that leaves some over, the
gaps on the {side} get one more each. A line of one word is filled up behind it. Only the last line differs: single `{fill}`
between its words, and filled up in front of the first word. Return the lines."""

    def given() -> list[Any]:
        return [[draw.choice(WORDS)[: draw.randint(1, 5)] for _ in range(draw.randint(3, 14))], draw.randint(7, 20)]

    return program(draw, "justify(words, width)", spec, source, given)


def ranges(draw: random.Random) -> Program:
    """Writes numbers as ranges."""
    least, step = draw.randint(3, 4), draw.randint(1, 3)
    source = f"""
def compact(numbers):
    left, made, at = sorted(set(numbers)), [], 0
    while at < len(left):
        end = at
        while end + 1 < len(left) and left[end + 1] - left[end] == {step}:
            end += 1
        if end - at + 1 >= {least}:
            made.append(f"{{left[at]}}..{{left[end]}}")
            at = end + 1
        else:
            made.append(str(left[at]))
            at += 1
    return ";".join(made)
"""
    spec = f"""Sort the numbers and drop duplicates. From the left: if at least {least} numbers in a row each exceed the one before
by exactly {step}, write the longest such row as `first..last`; otherwise write the number alone and go on with the next.
Join all with `;`."""
    return program(
        draw, "compact(numbers)", spec, source, lambda: [[draw.randint(0, 16) for _ in range(draw.randint(1, 14))]]
    )


def records(draw: random.Random) -> Program:
    """Reads a line of separated values with quotes."""
    comma, quote = draw.choice(";|,"), draw.choice("'\"~")
    source = f"""
def fields(line):
    made, now, inside, at = [], "", False, 0
    while at < len(line):
        char = line[at]
        if inside and char == {quote!r}:
            if line[at + 1:at + 2] == {quote!r}:
                now += {quote!r}
                at += 1
            else:
                inside = False
        elif char == {quote!r} and now == "":
            inside = True
        elif char == {comma!r} and not inside:
            made.append(now)
            now = ""
        else:
            now += char
        at += 1
    return made + [now]
"""
    spec = f"""Split a line into fields at `{comma}`. A {quote} where nothing of the field was read yet begins a quoted part,
in which `{comma}` is an ordinary character, two {quote} stand for one, and a single {quote} ends the part; after it the
field goes on unquoted up to the next `{comma}`. Any other {quote} is an ordinary character. At the end of the line an
open part just ends. Return the fields, without the quotes that mark parts."""
    return program(
        draw,
        "fields(line)",
        spec,
        source,
        lambda: ["".join(draw.choice(["a", "b", comma, quote, quote, " "]) for _ in range(draw.randint(2, 14)))],
    )


def versions(draw: random.Random) -> Program:
    """Sorts versions."""
    tags = draw.sample(("rc", "beta", "alpha", "dev", "post"), 3)
    source = f"""
def ordered(versions):
    rank = {{name: place for place, name in enumerate({[*tags[:2], "", tags[2]]!r})}}
    def key(version):
        numbers, _, tag = version.partition("-")
        parts = [int(each) for each in numbers.split(".")]
        while parts and parts[-1] == 0:
            parts.pop()
        name = tag.rstrip("0123456789")
        return (parts, rank[name], int(tag[len(name):] or 0), len(version), version)
    return sorted(versions, key=key)
"""
    spec = f"""Sort version texts such as "1.10.0" or "1.2-{tags[0]}3", the oldest first. Numbers between dots are compared one by one as
numbers; zeros at their end don't matter (1.2 and 1.2.0 are equal). For equal numbers, `-{tags[0]}` comes before `-{tags[1]}`,
that before no tag, and that before `-{tags[2]}`; for equal tags the number behind the tag decides, where none means 0. If
all that is equal, the shorter text comes first, then the one that is first in the order of characters."""

    def given() -> list[Any]:
        def version() -> str:
            numbers = ".".join(str(draw.choice((0, 0, 1, 2, 10))) for _ in range(draw.randint(1, 3)))
            tag = draw.choice(["", "", *tags])
            return numbers + (f"-{tag}{draw.choice(('', '1', '2', '10'))}" if tag else "")

        return [[version() for _ in range(draw.randint(3, 9))]]

    return program(draw, "ordered(versions)", spec, source, given)


def brackets(draw: random.Random) -> Program:
    """Repairs brackets."""
    weak, strong = draw.sample(("()", "[]", "{}"), 2)
    source = f"""
def check(text):
    stack, removed = [], 0
    for char in text:
        if char in {weak[0] + strong[0]!r}:
            stack.append(char)
        elif char == {weak[1]!r}:
            if stack and stack[-1] == {weak[0]!r}:
                stack.pop()
            else:
                removed += 1
        elif char == {strong[1]!r}:
            if {strong[0]!r} in stack:
                while stack[-1] != {strong[0]!r}:
                    stack.pop()
                    removed += 1
                stack.pop()
            else:
                removed += 1
    return [removed, len(stack)]
"""
    spec = f"""Go through text from left to right with a stack of open brackets; other characters don't matter. `{weak[0]}` and `{strong[0]}` are
pushed. `{weak[1]}` closes `{weak[0]}` if that is on top; otherwise it is removed. `{strong[1]}` closes the topmost open `{strong[0]}`: every
`{weak[0]}` above it is removed first; if no `{strong[0]}` is open, the `{strong[1]}` itself is removed. Return [number of removed brackets, number
of brackets that are still open at the end]."""
    letters = weak + strong + weak[0] + "x"
    return program(
        draw, "check(text)", spec, source, lambda: ["".join(draw.choice(letters) for _ in range(draw.randint(3, 18)))]
    )


def automata(draw: random.Random) -> Program:
    """Develops a row of cells."""
    born, stays = draw.sample(range(1, 4), 1)[0], sorted(draw.sample(range(5), 2))
    source = f"""
def develop(cells, steps):
    for _ in range(steps):
        size = len(cells)
        made = ""
        for at in range(size):
            near = sum(cells[(at + move) % size] == "#" for move in (-2, -1, 1, 2))
            made += "#" if (near == {born} if cells[at] == "." else near in {stays!r}) else "."
        cells = made
    return cells
"""
    spec = f"""cells is a ring of "." and "#", given as a text of at least 5 characters whose ends are neighbours. In each step, all at once: a
"." becomes "#" if exactly {born} of the four cells within a distance of 2 are "#"; a "#" stays if {stays[0]} or {stays[1]} of them are, otherwise
it becomes ".". Return the cells after the given number of steps."""
    return program(
        draw,
        "develop(cells, steps)",
        spec,
        source,
        lambda: ["".join(draw.choice(".#.") for _ in range(draw.randint(5, 14))), draw.randint(1, 6)],
    )


def turns(draw: random.Random) -> Program:
    """Lets players leave a circle."""
    every, twist = draw.randint(2, 4), draw.choice((True, False))
    source = f"""
def leaving(names):
    circle, made, at, step = list(names), [], 0, {every}
    while circle:
        at = (at + step - 1) % len(circle)
        gone = circle.pop(at)
        made.append(gone)
        if len(gone) % 2 == 0:
            circle = circle[::-1]
            at = (len(circle) - at) % len(circle) if circle else 0
        step += {1 if twist else 0}
    return made
"""
    more = " After each, the count is one higher." if twist else ""
    spec = f"""Names stand in a circle. Counting from the first as 1, the {every}th leaves; counting goes on with the next as 1.{more} If
the name that left has an even number of letters, the direction of counting turns round: the count goes on with the
neighbour on the other side. Return the names in the order in which they leave."""
    return program(
        draw,
        "leaving(names)",
        spec,
        source,
        lambda: [draw.sample([*WORDS, "ox", "bear", "toad", "swan"], draw.randint(2, 9))],
    )


TEMPLATES: Mapping[str, Any] = {
    each.__name__: each
    for each in (
        runs, precedence, numerals, justified, ranges, records, versions, brackets, automata, turns,
    )
}  # fmt: skip
