"""Sums in symbols or in words: `12 * (3 + 4)`, `15% of 80`, `seven times eight`."""

import re
from fractions import Fraction

from ymera_simulator.solvers.numerals import off_by_one, shown_as_asked
from ymera_simulator.solvers.polynomials import parsed
from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.wording import listed

_WORDED = (
    (r"(?<=\d)\s*percent\b|(?<=\d)\s*per cent\b", "%"),
    (r"\bthe square root of\b|\bsquare root of\b|√", "sqrt "),
    (r"\bmultiplied by\b|\btimes\b|×|·|(?<=\d)\s+x\s+(?=\d)", "*"),
    (r"\bdivided by\b|\bover\b|÷", "/"),
    (r"\bplus\b|\badded to\b|\bincreased by\b", "+"),
    (r"\bminus\b|\bdecreased by\b|\bless\b|−|–", "-"),
    (r"\bto the power of\b|\braised to\b", "^"),
    (r"²|\bsquared\b", "^2"),
    (r"³|\bcubed\b", "^3"),
    (r"\bhalf of\b", "1/2 *"),
    (r"\b(?:a|1) third of\b", "1/3 *"),
    (r"\b(?:a|1) quarter of\b|\b(?:a|1) fourth of\b", "1/4 *"),
    (r"\bthree quarters of\b|\b3 quarters of\b", "3/4 *"),
    (r"\btwo thirds of\b|\b2 thirds of\b", "2/3 *"),
    (r"\b(?:double|twice)\s+(?=\d|\()", "2 *"),
    (r"(?<=[\d%)])\s+of\s+(?=[\d(])", " * "),
)
_PAIRS = (
    (r"\bsum of (\S+) and (\S+)", r"(\1 + \2)"),
    (r"\bdifference (?:between|of) (\S+) and (\S+)", r"(\1 - \2)"),
    (r"\bproduct of (\S+) and (\S+)", r"(\1 * \2)"),
    (r"\bquotient of (\S+) and (\S+)", r"(\1 / \2)"),
    (r"\badd (\S+) (?:and|to) (\S+)", r"(\1 + \2)"),
    (r"\bsubtract (\S+) from (\S+)", r"(\2 - \1)"),
    (r"\bmultiply (\S+) (?:by|and|with) (\S+)", r"(\1 * \2)"),
    (r"\bdivide (\S+) by (\S+)", r"(\1 / \2)"),
)
_RUN = re.compile(r"(?:sqrt|[-\d.,+*/^()%\s])+")
_DIGIT = re.compile(r"\d")
_NAMED = re.compile(r"[a-z]{3,}")
_ASKING = frozenset(
    listed(
        "what's what whats is the result value answer calculate compute evaluate how much please work out find "
        "solve equal equals simplify following expression give tell show and only with number just final your "
        "digits exact write reply one line single places decimal two three nearest whole fraction lowest terms form "
        "integer rounded round as simplest then put last after exactly can you for hello need know quick question "
        "sum nothing else name plain product difference"
    )
)


def solve_expression(question: Question) -> Solution | None:
    """Evaluates the one expression of a prompt that has little else in it."""
    if not _DIGIT.search(question.digits):
        return None
    worded = in_symbols(question.digits)
    strange = [word for word in _NAMED.findall(worded) if word not in _ASKING and word != "sqrt"]
    if len(strange) > 3:
        return None
    found = _longest_run(worded)
    if found is None:
        return None
    expression, value = found
    answer = shown_as_asked(value, question.lower)
    slip = shown_as_asked(off_by_one(value), question.lower)
    return Solution(answer, slip, f"{expression} = {answer}")


def in_symbols(text: str) -> str:
    """Writes the words of arithmetic as symbols, in lower-case text with digits."""
    text = re.sub(r"\\(?:times|cdot)", "*", text).replace("$", "")
    for pattern, symbol in _PAIRS:
        text = re.sub(pattern, lambda match, form=symbol: match.expand(form).replace("?", ""), text)  # type: ignore[misc]  # the default binds the loop's value
    for pattern, symbol in _WORDED:
        text = re.sub(pattern, symbol, text)
    return text


def _longest_run(text: str) -> tuple[str, Fraction] | None:
    runs = sorted((match[0].strip(" .,\n") for match in _RUN.finditer(text)), key=len, reverse=True)
    for run in runs:
        if not re.search(r"\d", run) or not re.search(r"sqrt|[-+*/^%]", run.lstrip("-+ ")):
            continue
        try:
            return run, parsed(run).value()
        except (ValueError, ArithmeticError):
            continue
    return None
