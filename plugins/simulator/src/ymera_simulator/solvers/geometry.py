"""Areas, perimeters and volumes of plain shapes."""

import math
import re
from fractions import Fraction

from ymera_simulator.solvers.quantities import Story
from ymera_simulator.solvers.tally import Result


def measure(story: Story) -> Result | None:
    """Answers for rectangles, squares, triangles and boxes."""
    sides = [quantity.value for quantity in story.quantities]
    shape = re.search(
        r"\b(?:rectang\w*|square|triang\w*|cube|box|cuboid|field|garden|room|lawn|tank|prism|pool|park|floor|plot)\b",
        story.text,
    )
    if shape is None:
        return None
    if "volume" in story.text:
        return _volume(shape[0], sides)
    if "triang" in shape[0] or "triangle" in story.text:
        return _triangle(story, sides)
    return _rectangle(story, sides)


def _volume(shape: str, sides: list[Fraction]) -> Result | None:
    if shape == "cube" and len(sides) == 1:
        return Result(sides[0] ** 3)
    return Result(math.prod(sides, start=Fraction(1))) if len(sides) == 3 else None


def _triangle(story: Story, sides: list[Fraction]) -> Result | None:
    if "area" in story.question and len(sides) == 2:
        return Result(sides[0] * sides[1] / 2)
    return Result(sum(sides, Fraction(0))) if "perimeter" in story.question and len(sides) == 3 else None


def _rectangle(story: Story, sides: list[Fraction]) -> Result | None:
    asks_around = re.search(r"perimeter|fence|fencing|around", story.question) is not None
    if (
        "square" in story.text
        and len(sides) == 1
        and "area of" not in story.text.split("?")[0].replace(story.question, "")
    ):
        sides = sides * 2
    if len(sides) != 2:
        return None
    if asks_around:
        return _around(story, sides)
    if "area" in story.question:
        return Result(sides[0] * sides[1])
    if re.search(r"area (?:of|is)|has an area", story.text) and re.search(
        r"\b(?:wide|width|long|length)\b", story.question
    ):
        return Result(max(sides) / min(sides))
    return None


def _around(story: Story, sides: list[Fraction]) -> Result | None:
    return Result(2 * (sides[0] + sides[1]))
