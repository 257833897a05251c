"""Percent in stories: discounts, taxes, tips, interest, shares of a whole."""

import re
from fractions import Fraction
from itertools import pairwise

from ymera_simulator.solvers.quantities import PERCENT, Quantity, Story
from ymera_simulator.solvers.tally import Result

_DOWN = re.compile(
    r"\b(?:off|discount|discounted|sale|decrease[sd]?|drops?|dropped|falls?|fell|reduced|reduction|less|loses?|"
    r"lost|shrinks?|lower|cheaper|markdown|depreciat\w+)\b"
)
_UP = re.compile(
    r"\b(?:tip|tax|vat|increase[sd]?|raise[sd]?|rises?|rose|grows?|grew|interest|markup|higher|more|gains?|bonus|"
    r"adds?|added|service charge|goes up|went up)\b"
)
_REST = re.compile(r"\b(?:not|rest|remaining|remain|left|others?|n't|without|unsold|absent)\b")
_PART = re.compile(r"\b(?:discount|saved?|saving|tip|tax|vat|interest|bonus|raise|commission|increase|decrease)\b")
_WHOLE = re.compile(
    r"\b(?:total|new|final|sale price|altogether|including|after|now|pay|balance|in all|be worth|reduced|end up)\b"
)


def take_percent(story: Story) -> Result | None:
    """Answers what a percentage of something is, or which percentage something is."""
    shares = [quantity for quantity in story.quantities if quantity.unit == PERCENT]
    amounts = [quantity for quantity in story.quantities if quantity.unit != PERCENT]
    if not shares:
        return _which_percent(story, amounts) if re.search(r"\bpercent|%", story.question) else None
    if not amounts:
        return None
    years = [quantity for quantity in amounts if quantity.unit == "year"]
    amounts = [quantity for quantity in amounts if quantity.unit != "year"]
    if years and "interest" in story.text and amounts:
        return _interest(story, amounts[0], shares[0].value / 100, years[0].value)
    if re.search(
        r"(?:is|are|was|were|=) \d[\d.]*\s*(?:%|percent) of (?:what|which|a) number|of what number|what number",
        story.text,
    ):
        return Result(amounts[0].value / (shares[0].value / 100))
    return _taken(story, amounts, [share.value / 100 for share in shares])


def _which_percent(story: Story, amounts: list[Quantity]) -> Result | None:
    if len(amounts) != 2:
        return None
    first, second = (amount.value for amount in amounts)
    if re.search(r"\b(?:increase|decrease|change|rise|rose|grow|grew|drop|dropped|fell|growth)\w*\b", story.text):
        return Result(abs(second - first) / first * 100)
    if re.search(r"what (?:percent|percentage|%) of \d", story.question):
        return Result(second / first * 100)
    part, whole = sorted((first, second)) if "what percent of" not in story.text else (first, second)
    share = part / whole * 100
    return Result(100 - share if _REST.search(story.question) else share)


def _interest(story: Story, amount: Quantity, share: Fraction, years: Fraction) -> Result:
    compound = "compound" in story.text and years.denominator == 1
    gained = amount.value * ((1 + share) ** int(years) - 1) if compound else amount.value * share * years
    only = re.search(
        r"how much (?:simple |compound )?interest|what (?:is|will be) the (?:simple |compound )?interest|"
        r"interest (?:is|does|will|would)",
        story.question,
    )
    return Result(gained if only else amount.value + gained, amount.unit)


def _taken(story: Story, amounts: list[Quantity], shares: list[Fraction]) -> Result | None:
    base = _base(amounts)
    part_asked = _PART.search(story.question) and not _WHOLE.search(story.question)
    value = base.value
    if len(shares) == 1 and (part_asked or not (_DOWN.search(story.text) or _UP.search(story.text))):
        part = value * shares[0]
        return Result(value - part if _REST.search(story.question) and not part_asked else part, base.unit)
    for share, falls in zip(shares, _directions(story, len(shares)), strict=True):
        value *= 1 - share if falls else 1 + share
    return Result(value, base.unit)


def _base(amounts: list[Quantity]) -> Quantity:
    """Multiplies a price by its count: `3 shirts at $20 each`."""
    rates = [amount for amount in amounts if amount.per]
    plain = [amount for amount in amounts if not amount.per]
    if rates and plain:
        return Quantity(rates[0].value * plain[0].value, rates[0].unit)
    return amounts[0]


def _directions(story: Story, count: int) -> list[bool]:
    parts = re.split(r"(?<=[\d])\s?(?:%|percent)", story.text)[: count + 1]
    found = []
    for before, after in pairwise(parts):
        near = f"{before.rsplit('.', 1)[-1]} {after.split('.')[0]}"
        up, down = _UP.search(near), _DOWN.search(near)
        found.append(
            down is not None
            if (up is None) != (down is None)
            else _DOWN.search(after[:40]) is not None or down is not None
        )
    return found + [False] * (count - len(found))
