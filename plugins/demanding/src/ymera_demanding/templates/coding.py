"""Functions to write whose rules differ a little from the usual ones, so that a remembered solution fails."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from ymera_demanding.programs import Program, program
from ymera_demanding.templates.coding_texts import WORDS


def _ints(draw: random.Random, size: int, low: int, high: int) -> list[int]:
    return [draw.randint(low, high) for _ in range(draw.randint(1, size))]


def intervals(draw: random.Random) -> Program:
    """Merges intervals."""
    gap, least = draw.randint(1, 4), draw.randint(3, 8)
    source = f"""
def merge(spans):
    made = []
    for start, end in sorted(spans):
        if made and start - made[-1][1] <= {gap}:
            made[-1][1] = max(made[-1][1], end)
        else:
            made.append([start, end])
    return [each for each in made if each[1] - each[0] >= {least}]
"""
    spec = f"""spans is a list of [start, end] with start <= end. Two spans are joined if the gap between the end of one and
the start of the other is at most {gap} (also if they overlap). Return the joined spans in order, without those whose
length, end - start, is then below {least}."""

    def given() -> list[Any]:
        starts = _ints(draw, 9, 0, 60)
        return [[[each, each + draw.randint(0, 9)] for each in starts]]

    return program(draw, "merge(spans)", spec, source, given)


def caches(draw: random.Random) -> Program:
    """Simulates a cache."""
    size, bonus = draw.randint(2, 4), draw.randint(2, 3)
    source = f"""
def cache(keys):
    kept, uses, hits = [], {{}}, 0
    for key in keys:
        if key in kept:
            hits += 1
            kept.remove(key)
        elif len(kept) == {size}:
            worst = None
            for each in kept:
                if uses[each] < {bonus}:
                    worst = each
                    break
            kept.remove(kept[0] if worst is None else worst)
        uses[key] = uses.get(key, 0) + 1
        kept.append(key)
    return [hits, kept]
"""
    spec = f"""Simulate a cache of {size} keys. For each key in turn: if it is cached, that is a hit. If not, and the cache is
full, first remove the least recently used of the cached keys that were used fewer than {bonus} times so far (since the
beginning, including uses before a removal), or, if there is no such key, the least recently used one. Then the key is
cached as the most recently used. Return [number of hits, cached keys from least to most recently used]."""
    return program(
        draw, "cache(keys)", spec, source, lambda: [[draw.choice("abcdef") for _ in range(draw.randint(4, 20))]]
    )


def cells(draw: random.Random) -> Program:
    """Evaluates cells that refer to each other."""
    worth = draw.randint(2, 9)
    source = f"""
def evaluate(cells):
    values = {{}}
    def find(name, under):
        if name in under:
            return None
        if name in values:
            return values[name]
        if name not in cells:
            return {worth}
        total = 0
        for part in cells[name].split("+"):
            found = int(part) if part.isdigit() else find(part, under + [name])
            if found is None:
                return None
            total += found
        values[name] = total
        return total
    return [[name, find(name, [])] for name in sorted(cells)]
"""
    spec = f"""cells maps names to texts such as "a+3+b": names and whole numbers joined by +. The value of a cell is the sum of
its parts; a name that is not in cells counts as {worth}. A cell that refers to itself, directly or through others, has
the value None, and so has a cell that refers to such a cell. Return a list of [name, value], sorted by name."""

    def given() -> list[Any]:
        names = draw.sample("abcdefgh", 6)
        made = {
            name: "+".join(
                draw.choice([*names, "z", str(draw.randint(0, 9)), str(draw.randint(0, 9))])
                for _ in range(draw.randint(1, 3))
            )
            for name in names[:5]
        }
        return [made]

    return program(draw, "evaluate(cells)", spec, source, given)


def ordering(draw: random.Random) -> Program:
    """Orders tasks by what they need."""
    choose, cost = draw.choice(("max", "min")), draw.choice(("longest", "shortest"))
    sign = "-" if cost == "longest" else ""
    source = f"""
def order(needs):
    done = []
    while True:
        ready = [name for name in needs if name not in done and all(each in done for each in needs[name])]
        if not ready:
            return done
        picked = {choose}(each for each in ready if len(each) == min((({sign}len(one)), len(one)) for one in ready)[1])
        done.append(picked)
"""
    which = "last" if choose == "max" else "first"
    spec = f"""needs maps names to the names that have to come before them. Build an order step by step: of the names whose
needs are all in the order already, append the one with the {cost} name, of several the {which} one in the alphabet. Stop
when there is none; names in a cycle, or that need something that never comes, are thus left out. Return the order."""

    def given() -> list[Any]:
        names = draw.sample([word[: draw.randint(2, 5)] for word in WORDS], 7)
        return [{name: draw.sample(names, draw.choice((0, 0, 1, 1, 2))) for name in dict.fromkeys(names)}]

    return program(draw, "order(needs)", spec, source, given)


def grids(draw: random.Random) -> Program:
    """Finds the cheapest way through a grid."""
    extra, most = draw.randint(0, 2), draw.randint(1, 2)
    source = f"""
def cheapest(grid):
    height, width = len(grid), len(grid[0])
    best = {{}}
    for row in range(height):
        for column in range(width):
            for used in range({most} + 1):
                ways = []
                if row == 0 and column == 0 and used == 0:
                    ways.append(0)
                if row:
                    ways.append(best[row - 1, column, used])
                if column:
                    ways.append(best[row, column - 1, used])
                if row and column and used:
                    ways.append(best[row - 1, column - 1, used - 1] + {extra})
                best[row, column, used] = min(ways, default=10 ** 9) + grid[row][column]
    return min(best[height - 1, width - 1, used] for used in range({most} + 1))
"""
    spec = f"""Find the cheapest way from the top left to the bottom right of a grid of costs. A step leads right or down, or, at
most {most} time{"s" * (most > 1)}, diagonally right and down for {extra} more. The cost of a way is the sum of all cells on it,
the first and the last included, and of what is added for diagonal steps. Return the lowest cost."""

    def given() -> list[Any]:
        width = draw.randint(2, 6)
        return [[[draw.randint(1, 9) for _ in range(width)] for _ in range(draw.randint(2, 6))]]

    return program(draw, "cheapest(grid)", spec, source, given)


def spirals(draw: random.Random) -> Program:
    """Reads a matrix in a spiral."""
    corner, every = draw.choice(("bottom left", "bottom right", "top right")), draw.randint(2, 3)
    turn = {
        "bottom left": "m[::-1]",
        "bottom right": "[row[::-1] for row in m[::-1]]",
        "top right": "[row[::-1] for row in m]",
    }
    ways = {"bottom left": "to the right", "bottom right": "to the left", "top right": "to the left"}
    source = f"""
def spiral(m):
    m = {turn[corner]}
    made = []
    while m:
        made += m[0]
        m = [list(row) for row in zip(*m[1:])][::-1]
    return made[::{every}]
"""
    spec = f"""Walk through all cells of the matrix m in a spiral from the {corner} corner inwards, first {ways[corner]} along that edge,
always turning towards the cells that were not visited. Return the values of the 1st, {1 + every}th, {1 + 2 * every}th … cell visited."""

    def given() -> list[Any]:
        width, start = draw.randint(1, 5), draw.randint(0, 9)
        height = draw.randint(1, 5)
        return [[[start + row * width + column for column in range(width)] for row in range(height)]]

    return program(draw, "spiral(m)", spec, source, given)


def tables(draw: random.Random) -> Program:
    """Ranks teams."""
    win, late = draw.randint(2, 4), draw.choice((True, False))
    source = f"""
def ranking(games):
    points, scored, beaten = {{}}, {{}}, {{}}
    for home, away, first, second in games:
        for team in (home, away):
            points.setdefault(team, 0)
            scored.setdefault(team, 0)
            beaten.setdefault(team, 0)
        scored[home] += first - second
        scored[away] += second - first
        if first == second:
            points[home] += 1
            points[away] += {2 if late else 1}
        else:
            winner = home if first > second else away
            points[winner] += {win}
            beaten[winner] += 1
    return sorted(points, key=lambda team: (-points[team], -beaten[team], -scored[team], team))
"""
    spec = f"""games is a list of [home, away, goals of home, goals of away]. A win gives {win} points, a draw 1 point to the home team and
{2 if late else 1} to the away team. Rank the teams by points, then by number of wins, then by difference of goals, each the
highest first, then by name. Return the names in that order."""

    def given() -> list[Any]:
        teams = draw.sample(["Ayr", "Bex", "Cor", "Dun", "Ely"], 4)
        return [[[*draw.sample(teams, 2), draw.randint(0, 3), draw.randint(0, 3)] for _ in range(draw.randint(3, 9))]]

    return program(draw, "ranking(games)", spec, source, given)


def jumps(draw: random.Random) -> Program:
    """Counts the moves of a piece."""
    long, short = draw.choice(((3, 1), (3, 2), (4, 1), (2, 1)))
    source = f"""
def moves(size, start, end, blocked):
    steps = [(a * x, b * y) for x, y in (({long}, {short}), ({short}, {long})) for a in (1, -1) for b in (1, -1)]
    closed = [tuple(each) for each in blocked]
    seen, now, count = {{tuple(start)}}, [tuple(start)], 0
    while now:
        if tuple(end) in now:
            return count
        later = []
        for x, y in now:
            for dx, dy in steps:
                place = ((x + dx) % size, y + dy)
                if 0 <= place[1] < size and place not in closed and place not in seen:
                    seen.add(place)
                    later.append(place)
        now, count = later, count + 1
    return -1
"""
    spec = f"""On a board of size × size squares [x, y], counted from 0, a piece moves like a knight, but by {long} in one direction and
{short} in the other. The board is a tube: beyond the last x follows the first and the other way round; beyond the first and
last y there is nothing. It may not land on the squares in blocked. Return the smallest number of moves from start to
end, or -1 if that can't be reached."""

    def given() -> list[Any]:
        size = draw.randint(4, 7)
        places = draw.sample([[x, y] for x in range(size) for y in range(size)], draw.randint(2, 8))
        return [size, places[0], places[1], places[2:]]

    return program(draw, "moves(size, start, end, blocked)", spec, source, given)


def slots(draw: random.Random) -> Program:
    """Finds free time."""
    pause, opens = draw.choice((5, 10, 15)), draw.choice((8, 9))
    source = f"""
def free(meetings, minutes):
    busy = sorted([max(start - {pause}, {opens * 60}), end + {pause}] for start, end in meetings)
    now, made = {opens * 60}, []
    for start, end in busy + [[{17 * 60}, {17 * 60}]]:
        while start - now >= minutes and now + minutes <= {17 * 60}:
            made.append(now)
            now += minutes
        now = max(now, end)
    return made
"""
    spec = f"""meetings is a list of [start, end] in minutes since midnight. The day lasts from {opens}:00 to 17:00. Around each meeting
{pause} minutes before and after it are kept free of others. Return the starts of all free slots of the given number of
minutes: from the beginning of each free time on, one directly after the other, as many as fit before the next kept
time or the end of the day."""

    def given() -> list[Any]:
        starts = [draw.randint(opens * 60, 16 * 60) for _ in range(draw.randint(1, 5))]
        return [[[each, each + draw.choice((20, 30, 45, 60))] for each in starts], draw.choice((25, 30, 40, 60))]

    return program(draw, "free(meetings, minutes)", spec, source, given)


def machines(draw: random.Random) -> Program:
    """Runs programs for a stack machine."""
    limit = draw.randint(40, 90)
    names = draw.sample(("dup", "twin", "copy"), 1) + draw.sample(("swap", "flip", "turn"), 1)
    source = f"""
def execute(program):
    stack, at, steps = [], 0, 0
    while 0 <= at < len(program) and steps < {limit}:
        steps += 1
        word = program[at]
        at += 1
        if isinstance(word, int):
            stack.append(word)
        elif word == {names[0]!r} and stack:
            stack.append(stack[-1])
        elif word == {names[1]!r} and len(stack) > 1:
            stack[-1], stack[-2] = stack[-2], stack[-1]
        elif word == "sub" and len(stack) > 1:
            top = stack.pop()
            stack.append(stack.pop() - top)
        elif word == "jump" and len(stack) > 1:
            target, condition = stack.pop(), stack.pop()
            if condition > 0:
                at = target
    return [steps, stack]
"""
    spec = f"""Run a program, a list of numbers and words, for a stack machine from its first element on. A number is pushed.
`{names[0]}` pushes the top once more. `{names[1]}` exchanges the two on top. `sub` takes a (top) and b (below it) off and pushes b - a.
`jump` takes a (top) and b (below it) off and, if b > 0, goes on at index a of the program. A word that would need more
elements than there are does nothing. The program ends when the index is outside of it, or after {limit} steps; every
element that is executed is a step, also one that does nothing. Return [number of steps, stack with the top last]."""

    def given() -> list[Any]:
        words: Sequence[Any] = [*names, "sub", "jump", "sub"]
        return [
            [draw.choice(words) if draw.random() < 0.55 else draw.randint(-1, 7) for _ in range(draw.randint(4, 12))]
        ]

    return program(draw, "execute(program)", spec, source, given)


def shares(draw: random.Random) -> Program:
    """Divides money without losing a cent."""
    tie = draw.choice(("first", "last"))
    source = f"""
def divide(cents, weights):
    total = sum(weights)
    parts = [cents * each // total for each in weights]
    left = cents - sum(parts)
    places = sorted(range(len(weights)), key=lambda at: (-(cents * weights[at] % total), {"at" if tie == "first" else "-at"}))
    for at in places[:left]:
        parts[at] += 1
    return parts
"""
    spec = f"""Divide a number of cents in proportion to weights (whole numbers, at least one above 0). Each share is rounded down; the
cents that are left go one each to the shares that lost most by rounding, of equal ones to the {tie} in the list. Return the
shares in the order of the weights."""
    return program(
        draw,
        "divide(cents, weights)",
        spec,
        source,
        lambda: [draw.randint(1, 500), [draw.randint(1, 9) for _ in range(draw.randint(2, 6))]],
    )


TEMPLATES: Mapping[str, Any] = {
    each.__name__: each
    for each in (
        intervals,    caches, cells,  ordering, grids,  spirals, tables,
          jumps,  slots, machines, shares,
    )
}  # fmt: skip
