"""Word problems: which way of reasoning a story asks for."""

from fractions import Fraction

from ymera_simulator.solvers.comparisons import compare
from ymera_simulator.solvers.geometry import measure
from ymera_simulator.solvers.numerals import off_by_one, rounded, shown_as_asked
from ymera_simulator.solvers.percentages import take_percent
from ymera_simulator.solvers.quantities import MONEY, Story, read_story
from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.solvers.tally import reckon


def solve_story(question: Question) -> Solution | None:
    """Tries each way of reasoning on the story; it needs a question and numbers to answer it from."""
    story = read_story(question.digits)
    if story is None:
        return None
    # One number alone is reckoned with nothing, but may be the side of a square.
    reasons = (measure, take_percent, compare, reckon) if len(story.quantities) > 1 else (measure,)
    for reason in reasons:
        found = reason(story)
        if found is not None and found.value >= 0:
            return _solution(found.value, found.unit, story)
    return None


def _solution(value: Fraction, unit: str, story: Story) -> Solution:
    answer, slip = (_shown(each, unit, story) for each in (value, off_by_one(value)))
    numbers = ", ".join(shown_as_asked(quantity.value, "") for quantity in story.quantities)
    return Solution(answer, slip, f"From {numbers}: {answer}." if numbers else "")


def _shown(value: Fraction, unit: str, story: Story) -> str:
    if unit == MONEY:
        return f"${rounded(value, 0 if value.denominator == 1 else 2)}"
    text = shown_as_asked(value, story.question)
    # A story's endless decimals are rounded as people would; a fraction is no answer to "how far".
    return rounded(value, 2) if "/" in text and "fraction" not in story.question else text
