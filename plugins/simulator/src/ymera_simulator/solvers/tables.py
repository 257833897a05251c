"""Questions about a table in the prompt: the row that has the most, sums, differences, counts."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ymera_simulator.solvers.numerals import NUMBER, number, off_by_one, show, shown_as_asked
from ymera_simulator.solvers.passages import content_words
from ymera_simulator.solvers.question import Question, Solution

_PAIR = re.compile(rf"^\s*[-*•]?\s*([A-Z][\w .'-]*?)\s*(?::|=|–|-)\s*[$€£]?({NUMBER})\b[^\n]*$", re.MULTILINE)
_MOST = re.compile(
    r"\b(?:most|highest|largest|biggest|greatest|longest|tallest|heaviest|maximum|oldest|expensive|fastest|"
    r"hottest|warmest|top|best|deepest|busiest)\b"
)
_LEAST = re.compile(
    r"\b(?:least|lowest|smallest|fewest|shortest|lightest|minimum|youngest|cheapest|slowest|coldest|coolest|"
    r"bottom|worst)\b"
)


@dataclass(frozen=True, slots=True)
class _Table:
    header: list[str]
    rows: list[list[str]]

    def column(self, at: int) -> list[Fraction]:
        return [_number(row[at]) for row in self.rows]

    def is_numeric(self, at: int) -> bool:
        return all(re.search(NUMBER, row[at]) for row in self.rows)


def solve_table(question: Question) -> Solution | None:
    """Reads the table and answers from the column that the question names."""
    table = _table(question.text) if "\n" in question.text else None
    if table is None:
        return None
    asked = _asked(question.text)
    columns = [at for at in range(len(table.header)) if at and table.is_numeric(at)]
    if not columns:
        return None
    column = max(columns, key=lambda at: (_shared(table.header[at], asked), -at))
    for answer in (_difference, _counted, _extreme, _total, _looked_up):
        if (found := answer(table, column, asked.lower())) is not None:
            return found
    return None


def _number(cell: str) -> Fraction:
    found = re.search(NUMBER, cell)
    return number(found[0]) if found else Fraction(0)


def _table(text: str) -> _Table | None:
    rows = [_cells(line) for line in text.splitlines() if line.count("|") > 1 or "\t" in line]
    rows = [row for row in rows if row and not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    if len(rows) < 3:
        rows = _comma_rows(text)
    rows = [row for row in rows if len(row) == len(rows[0])] if rows else []
    if len(rows) > 2:
        return _Table(rows[0], rows[1:])
    pairs = [[name, value] for name, value in _PAIR.findall(text)]
    return _Table(["name", "value"], pairs) if len(pairs) > 2 else None


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"\t|\|", line.strip().strip("|"))]


def _comma_rows(text: str) -> list[list[str]]:
    rows = [
        [cell.strip() for cell in line.split(",")]
        for line in text.splitlines()
        if line.count(",") >= 1 and "?" not in line
    ]
    rows = [row for row in rows if len(row) == len(rows[0]) and all(len(cell.split()) <= 4 for cell in row)]
    return rows if len(rows) > 2 and any(re.fullmatch(rf"[$€£]?{NUMBER}%?", cell) for cell in rows[1]) else []


def _asked(text: str) -> str:
    questions = re.findall(r"[^.?!\n|]*\?", text)
    lines = [line for line in text.splitlines() if line.strip() and "|" not in line]
    return questions[-1] if questions else lines[-1]


def _shared(header: str, asked: str) -> int:
    return len(set(content_words(header)) & set(content_words(asked)))


def _named(table: _Table, asked: str) -> list[int]:
    found = [
        (match.start(), at)
        for at, row in enumerate(table.rows)
        if (match := re.search(rf"\b{re.escape(row[0].lower())}\b", asked))
    ]
    return [at for _, at in sorted(found)]


def _value(value: Fraction, asked: str) -> Solution:
    return Solution(shown_as_asked(value, asked), show(off_by_one(value)))


def _difference(table: _Table, column: int, asked: str) -> Solution | None:
    values = table.column(column)
    named = _named(table, asked)
    if not re.search(
        r"difference|how (?:many|much) (?:more|fewer|less|longer|higher|taller|larger|bigger|greater|older|heavier)",
        asked,
    ):
        return None
    if len(named) == 2:
        return _value(abs(values[named[0]] - values[named[1]]), asked)
    return _value(max(values) - min(values), asked) if not named else None


def _counted(table: _Table, column: int, asked: str) -> Solution | None:
    limits: tuple[tuple[str, Callable[[Fraction, Fraction], bool]], ...] = (
        (rf"(?:at least|no (?:fewer|less) than|{NUMBER} or more)", lambda value, limit: value >= limit),
        (rf"(?:at most|no more than|{NUMBER} or (?:less|fewer))", lambda value, limit: value <= limit),
        (
            r"(?:more|higher|larger|greater|longer|bigger|older|taller|heavier) than|\babove\b|\bover\b|exceed",
            lambda value, limit: value > limit,
        ),
        (
            r"(?:less|fewer|lower|smaller|shorter|younger|cheaper|lighter) than|\bbelow\b|\bunder\b",
            lambda value, limit: value < limit,
        ),
    )
    figures = re.findall(NUMBER, asked)
    if not figures or not re.search(r"how many|number of|count", asked):
        return None
    fits = next((test for pattern, test in limits if re.search(pattern, asked)), None)
    if fits is None:
        return None
    count = sum(fits(value, number(figures[0])) for value in table.column(column))
    return Solution(str(count), str(count + 1))


def _extreme(table: _Table, column: int, asked: str) -> Solution | None:
    most, least = _MOST.search(asked), _LEAST.search(asked)
    if not (most or least) or re.search(r"\b(?:total|sum|average|mean)\b", asked):
        return None
    values = table.column(column)
    order = sorted(range(len(values)), key=lambda at: values[at], reverse=most is not None)
    place = 1 if re.search(r"\bsecond[- ]", asked) else 0
    right, wrong = order[place], order[1 - place]
    if re.search(
        r"\b(?:what|how) (?:is|was|many|much|are) (?:the )?(?:highest|lowest|largest|smallest|most|maximum|minimum)",
        asked,
    ) and not re.search(r"\b(?:which|who)\b|name", asked):
        return _value(values[right], asked)
    return Solution(table.rows[right][0], table.rows[wrong][0])


def _total(table: _Table, column: int, asked: str) -> Solution | None:
    named = _named(table, asked)
    values = [table.column(column)[at] for at in named] if len(named) > 1 else table.column(column)
    if re.search(r"\b(?:total|sum|altogether|combined|together|in all)\b", asked):
        return _value(sum(values, Fraction(0)), asked)
    return _value(sum(values, Fraction(0)) / len(values), asked) if re.search(r"\b(?:average|mean)\b", asked) else None


def _looked_up(table: _Table, column: int, asked: str) -> Solution | None:
    named = _named(table, asked)
    if len(named) == 2 and re.search(r"\bwhich|who\b", asked):
        return _more_of_two(table, named, column, asked)
    if len(named) == 1:
        cells = [at for at in range(1, len(table.header)) if _shared(table.header[at], asked)]
        at = cells[0] if cells else column
        other = table.rows[(named[0] + 1) % len(table.rows)][at]
        return Solution(table.rows[named[0]][at], other)
    return _row_with(table, asked)


def _more_of_two(table: _Table, named: Sequence[int], column: int, asked: str) -> Solution:
    values = table.column(column)
    less = re.search(r"\b(?:less|fewer|lower|smaller|shorter|cheaper|younger|lighter|colder)\b", asked) is not None
    first, second = sorted(named, key=lambda at: values[at], reverse=not less)
    return Solution(table.rows[first][0], table.rows[second][0])


def _row_with(table: _Table, asked: str) -> Solution | None:
    figures = set(re.findall(NUMBER, asked))
    fits = [row[0] for row in table.rows if any(cell.strip() in figures for cell in row[1:])]
    others = [row[0] for row in table.rows if row[0] not in fits]
    return Solution(fits[0], others[0]) if fits and others else None
