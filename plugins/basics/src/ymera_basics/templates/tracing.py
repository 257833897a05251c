"""Programs with state, exceptions, generators and closures; the expected output is what the interpreter prints."""

import random
from collections.abc import Mapping

from ymera_basics.task import Draft, Template
from ymera_service.sdk.grading import checks

_STATE = """
class Account:
    opened = 0

    def __init__(self, balance):
        Account.opened += 1
        self.balance = balance
        self.log = []

    def take(self, amount):
        if amount > self.balance:
            raise ValueError("only %d" % self.balance)
        self.balance -= amount
        self.log.append(amount)
        return self

accounts = [Account(value) for value in {values}]
for account in accounts:
    try:
        account.take({first}).take({second}).take({third})
    except ValueError as error:
        print(error, account.log)
    else:
        print(account.balance)
print(Account.opened, sum(len(account.log) for account in accounts))
"""
_GENERATOR = """
def steps(limit):
    value = {start}
    while value < limit:
        received = yield value
        value = received if received else value * 2 + 1
    return value

source = steps({limit})
print(next(source), next(source))
print(source.send({sent}))
try:
    while True:
        last = next(source)
except StopIteration as stop:
    print(last, stop.value)
"""
_CLOSURE = """
def collect(item, into=[]):
    into.append(item)
    return into

late = [lambda n: n * k for k in range({count})]
early = [lambda n, k=k: n * k for k in range({count})]
collect({a})
kept = collect({b}, [])
print(collect({c}), kept)
print(late[1]({n}), early[1]({n}), sum(f({n}) for f in late))
"""
_FINALLY = """
def divide(a, b, log):
    try:
        log.append("try")
        return a // b
    except ZeroDivisionError:
        log.append("except")
        return -1
    else:
        log.append("else")
    finally:
        log.append("finally")

log = []
total = 0
for b in {divisors}:
    total += divide({a}, b, log)
print(total, len(log), log.count("else"))
print(log[{at}])
"""
_GRID = """
grid = [[0] * 3] * {rows}
grid[0][1] = {a}
other = [list(row) for row in grid]
other[1][2] = {b}
grid[-1][0] += {c}
print(sum(map(sum, grid)), sum(map(sum, other)))
print(grid[1], other[1])
"""
_SCAN = """
words = {words}
seen = {{}}
for index, word in enumerate(words):
    key = len(word) % 3
    if key in seen and index % 2:
        seen[key] = seen[key][:2] + word[-1]
        continue
    seen.setdefault(key, word)
    if word > "{limit}":
        break
else:
    seen["all"] = True
print(seen)
print(index, *sorted(map(str, seen.values())))
"""
_WORDS = (
    "lantern",
    "orbit",
    "pepper",
    "signal",
    "harbor",
    "violet",
    "basket",
    "meadow",
    "cactus",
    "summit",
    "elm",
    "ivy",
)


def _traced(code: str) -> Draft:
    code = code.strip()
    printed: list[str] = []
    exec(code, {"print": lambda *values: printed.append(" ".join(map(str, values)))})  # noqa: S102 - from this module
    expected = "\n".join(printed)
    question = f"What does this Python program print?\n\n```python\n{code}\n```\n\nEnd with the output in a code block."
    return Draft(question, checks.output(expected), f"```\n{expected}\n```")


def state(draw: random.Random) -> Draft:
    """Objects that change, share a count and raise."""
    first, second, third = (draw.randint(3, 25) for _ in range(3))
    values = draw.sample(range(10, 70), 3)
    return _traced(_STATE.format(values=values, first=first, second=second, third=third))


def generator(draw: random.Random) -> Draft:
    """A generator that is sent values and returns one."""
    start = draw.randint(1, 4)
    return _traced(_GENERATOR.format(start=start, limit=draw.randint(60, 200), sent=draw.randint(2, 20)))


def closure(draw: random.Random) -> Draft:
    """Late binding and defaults that are shared."""
    a, b, c, n = (draw.randint(1, 9) for _ in range(4))
    return _traced(_CLOSURE.format(a=a, b=b, c=c, n=n + 1, count=draw.randint(3, 5)))


def cleanup(draw: random.Random) -> Draft:
    """The order of try, except, else and finally."""
    divisors = draw.sample([0, 0, 2, 3, 4, 5], 4)
    return _traced(_FINALLY.format(divisors=divisors, a=draw.randint(10, 60), at=draw.choice((1, 2, 3, -2))))


def grid(draw: random.Random) -> Draft:
    """Rows that are one list."""
    a, b, c = (draw.randint(1, 9) for _ in range(3))
    return _traced(_GRID.format(rows=draw.randint(2, 4), a=a, b=b, c=c))


def scan(draw: random.Random) -> Draft:
    """A loop with break, continue and else over a dictionary."""
    return _traced(_SCAN.format(words=draw.sample(_WORDS, 6), limit=draw.choice("psvz")))


TEMPLATES: Mapping[str, Template] = {
    "hard-state": state,
    "hard-generator": generator,
    "hard-closure": closure,
    "hard-cleanup": cleanup,
    "hard-grid": grid,
    "hard-scan": scan,
}
