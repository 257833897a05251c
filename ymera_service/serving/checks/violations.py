"""Collects what is wrong with a request."""

import math
from collections.abc import Callable, Collection

from ymera_service.sdk.errors import FieldViolation, InvalidRequest

MAX_VIOLATIONS = 64
"""Further ones are left out: the first ones are enough to mend the rest by."""
MAX_PATTERN = 256
"""Characters of a name or pattern in a list."""


class Violations:
    """The faults of one request, by the path of the field.

    Attributes:
        rename: Returns where a path stands in the protocol, if that orders a list otherwise than our types do.
    """

    __slots__ = ("_found", "rename")

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []
        self.rename: Callable[[str], str] = str

    def add(self, field: str, remedy: str) -> None:
        """Notes a fault: where, and what to do instead.

        Nothing more is noted within a field that is wrong already: what stands there in its place says
        nothing about the request.
        """
        field = self.rename(field)
        if len(self._found) < MAX_VIOLATIONS and not any(_is_within(field, one.field) for one in self._found):
            self._found.append(FieldViolation(field, remedy))

    def check(self) -> None:
        """Raises `InvalidRequest` with everything noted, if there is anything."""
        if self._found:
            raise InvalidRequest(self._found)

    def text(self, field: str, value: str, *, required: bool = False, max_length: int = 0) -> None:
        """Checks a string: no NUL, not empty if required, not too long."""
        if "\0" in value:
            self.add(field, "contains a NUL character; remove it")
        elif required and not value:
            self.add(field, "is required")
        elif max_length and len(value) > max_length:
            self.add(field, f"has {len(value)} characters; at most {max_length} are allowed")

    def texts(self, field: str, values: Collection[str], *, max_length: int = MAX_PATTERN) -> None:
        """Checks each string of a list: not empty, not too long, no NUL."""
        for i, value in enumerate(values):
            self.text(f"{field}[{i}]", value, required=True, max_length=max_length)

    def number(self, field: str, value: float, low: float, high: float = math.inf, *, above: bool = False) -> None:
        """Checks that a number is from `low` (or, with `above`, above it) to `high`."""
        fits = (value > low if above else value >= low) and value <= high and math.isfinite(value)
        if not fits:
            bound = f"above {low:g}" if above else f"at least {low:g}"
            limit = f" and at most {high:g}" if high != math.inf else ""
            self.add(field, f"is {value:g}; has to be {bound}{limit}")


def _is_within(field: str, outer: str) -> bool:
    return field == outer or field.startswith((f"{outer}.", f"{outer}["))
