"""All solvers in the order in which they are asked, the particular before the general."""

from collections.abc import Callable
from dataclasses import dataclass

from ymera_simulator.solvers.algebra import solve_equations
from ymera_simulator.solvers.arithmetic import solve_expression
from ymera_simulator.solvers.calendar import solve_calendar
from ymera_simulator.solvers.clock import solve_clock
from ymera_simulator.solvers.feelings import solve_feelings
from ymera_simulator.solvers.grammar import solve_grammar
from ymera_simulator.solvers.instructions import solve_instructions
from ymera_simulator.solvers.integers import solve_integers
from ymera_simulator.solvers.letters import solve_letters
from ymera_simulator.solvers.lists import solve_lists, solve_statistics
from ymera_simulator.solvers.programs import solve_programs
from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.solvers.reading import solve_reading
from ymera_simulator.solvers.sequences import solve_sequence
from ymera_simulator.solvers.snippets import solve_snippet
from ymera_simulator.solvers.spelling import solve_spelling
from ymera_simulator.solvers.stories import solve_story
from ymera_simulator.solvers.summary import solve_summary
from ymera_simulator.solvers.tables import solve_table
from ymera_simulator.solvers.units import solve_units


@dataclass(frozen=True, slots=True)
class Solver:
    """A way to solve one kind of task; asked only where a cue is among the prompt's words."""

    name: str
    category: str
    cues: frozenset[str]
    solve: Callable[[Question], Solution | None]
    longest: int
    """Characters of the longest prompt that it reads."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution, by whom it was found and which skill it takes."""

    solver: str
    category: str
    solution: Solution


_SHORT, _LONG = 1_500, 12_000


def _solver(
    name: str, category: str, cues: str, solve: Callable[[Question], Solution | None], longest: int = _SHORT
) -> Solver:
    return Solver(name, category, frozenset(cues.split()), solve, longest)


SOLVERS = (
    _solver(
        "snippets",
        "coding",
        "print prints printed output outputs prints displays display return returns value evaluate code snippet "
        "program function",
        solve_snippet,
        _LONG,
    ),
    _solver(
        "programs",
        "coding",
        "write create implement code program function script give show generate make",
        solve_programs,
    ),
    _solver("instructions", "general", "exactly reply respond answer repeat say write output list", solve_instructions),
    _solver(
        "tables",
        "research",
        "which who what how many much table total average difference according",
        solve_table,
        _LONG,
    ),
    _solver("summary", "language", "summarize summarise summary tl shorten condense sum", solve_summary, _LONG),
    _solver(
        "spelling",
        "language",
        "spelling misspelled misspelt spelled spelt typo typos correct mistake mistakes error errors fix",
        solve_spelling,
    ),
    _solver(
        "grammar",
        "language",
        "plural plurals past tense participle passive active article rewrite turn change make form negative question "
        "singular comparative superlative convert pluralise pluralize transform put sentence verb noun",
        solve_grammar,
    ),
    _solver(
        "feelings",
        "empathy",
        "feel feeling feels felt emotion emotions feelings mood sad happy angry lonely anxious scared upset comfort "
        "supportive empathy empathetic i i'm my me",
        solve_feelings,
    ),
    _solver(
        "reading",
        "research",
        "passage text paragraph article read reading according context report notice note following based story",
        solve_reading,
        _LONG,
    ),
    _solver(
        "letters",
        "language",
        "letter letters vowel vowels consonant consonants word words acrostic acronym initials palindrome backwards "
        "backward reverse reversed uppercase lowercase characters initial anagram anagrams spell spells spelled",
        solve_letters,
    ),
    _solver("units", "general", "convert many in to equals equal express how into is", solve_units),
    _solver(
        "clock",
        "general",
        "am pm time clock hours hour minutes o'clock starts leaves ends long arrives arrive",
        solve_clock,
    ),
    _solver(
        "calendar",
        "general",
        "day days date week weeks weekday month months year years leap weekend monday tuesday wednesday thursday "
        "friday saturday sunday",
        solve_calendar,
    ),
    _solver("sequences", "math", "sequence series next pattern missing term continue comes", solve_sequence),
    _solver(
        "integers",
        "math",
        "gcd lcm prime primes divisor divisors factor factors factorial remainder multiple digits digit divided mod "
        "modulo common factorise factorize factorization divisible hcf fibonacci even odd square cube perfect",
        solve_integers,
    ),
    _solver("statistics", "math", "median mode mean average sum total range product difference add", solve_statistics),
    _solver(
        "lists",
        "general",
        "sort order arrange largest smallest biggest highest lowest maximum minimum median mode mean average sum "
        "total reverse alphabetical alphabetically ascending descending rank put list shortest longest count "
        "distinct unique duplicates range put how heaviest lightest tallest oldest youngest earliest latest",
        solve_lists,
    ),
    _solver(
        "equations", "math", "solve equation equations x y find value n z unknown roots if number", solve_equations
    ),
    _solver(
        "arithmetic",
        "math",
        "what's what is calculate compute evaluate how much equals result work find sum product difference solve "
        "simplify plus times minus of",
        solve_expression,
    ),
    _solver("stories", "math", "how what find calculate much many", solve_story),
)


def solve(text: str) -> Solved | None:
    """Returns the first solution that a solver finds, or `None` where none understands the text."""
    question = Question(text)
    for solver in SOLVERS:
        if question.wants_code and solver.category != "coding":
            continue
        if len(question.text) > solver.longest or solver.cues.isdisjoint(question.words):
            continue
        solution = _tried(solver, question)
        if solution is not None:
            return Solved(solver.name, solver.category, solution)
    return None


def _tried(solver: Solver, question: Question) -> Solution | None:
    # Prompts are anything at all: numbers too long for `int`, dates out of range, nesting too deep.
    try:
        return solver.solve(question)
    except (ValueError, ArithmeticError, LookupError, RecursionError):
        return None
