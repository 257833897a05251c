"""The solvers. A solver is a function from `Question` to `Solution`, and a row here."""

from collections.abc import Callable
from dataclasses import dataclass

from ymera_simulator.solvers.arithmetic import solve_equation, solve_expression
from ymera_simulator.solvers.dates import solve_date, solve_units
from ymera_simulator.solvers.feelings import solve_feelings
from ymera_simulator.solvers.instructions import solve_instructions
from ymera_simulator.solvers.language import solve_letters, solve_words
from ymera_simulator.solvers.lists import solve_list, solve_statistics
from ymera_simulator.solvers.numbers import solve_integers, solve_sequence
from ymera_simulator.solvers.programs import solve_printed
from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.solvers.reading import solve_passage, solve_table

__all__ = ["SOLVERS", "Solved", "solve"]

Solver = Callable[[Question], Solution | None]

SOLVERS: tuple[tuple[str, str, Solver], ...] = (
    ("printed", "coding", solve_printed),
    ("instructions", "general", solve_instructions),
    ("table", "research", solve_table),
    ("letters", "language", solve_letters),
    ("words", "language", solve_words),
    ("feelings", "empathy", solve_feelings),
    ("passage", "research", solve_passage),
    ("date", "general", solve_date),
    ("units", "general", solve_units),
    ("sequence", "math", solve_sequence),
    ("integers", "math", solve_integers),
    ("statistics", "math", solve_statistics),
    ("list", "general", solve_list),
    ("equation", "math", solve_equation),
    ("expression", "math", solve_expression),
)
"""Name, category and function, in the order in which they are tried: specific ones before general ones."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution, the solver that found it, and the category of the skill that it needs."""

    solver: str
    category: str
    solution: Solution


def solve(text: str) -> Solved | None:
    """Returns the first solution that a solver finds, or None. Takes milliseconds: call it off the event loop."""
    question = Question(text)
    for name, category, solver in SOLVERS:
        if question.wants_code and category != "coding":
            continue
        if solution := _tried(solver, question):
            return Solved(name, category, solution)
    return None


def _tried(solver: Solver, question: Question) -> Solution | None:
    # Prompts may contain anything: dates out of range, malformed expressions, too deep nesting.
    try:
        return solver(question)
    except (ValueError, ArithmeticError, LookupError, SyntaxError, RecursionError, MemoryError, StopIteration):
        return None
