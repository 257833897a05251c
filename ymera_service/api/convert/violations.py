"""Collects what is wrong with a request."""

import math
from collections.abc import Collection

from ymera_service.sdk.errors import FieldViolation, InvalidRequest

MAX_VIOLATIONS = 64
"""More are not told: a caller who got all of them wrong is helped by the first ones."""
MAX_TEXTS = 128
"""Texts in a list of names or patterns."""
MAX_TEXT = 256
"""Characters of each of them."""


class Violations:
    """The faults of one request, by the path of the field."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def add(self, field: str, remedy: str) -> None:
        """Notes a fault: where, and what to do instead."""
        if len(self._found) < MAX_VIOLATIONS:
            self._found.append(FieldViolation(field, remedy))

    def check(self) -> None:
        """Raises `InvalidRequest` with everything noted, if there is anything."""
        if self._found:
            raise InvalidRequest(self._found)

    def text(self, field: str, value: str, *, required: bool = False, max_length: int = 0) -> str:
        """Returns a string as it is, noting a NUL, an empty one that is required, and too many characters."""
        if "\0" in value:
            self.add(field, "contains a NUL character; remove it")
        elif required and not value:
            self.add(field, "is required")
        elif max_length and len(value) > max_length:
            self.add(field, f"has {len(value)} characters; at most {max_length} are allowed")
        return value

    def texts(
        self, field: str, values: Collection[str], *, most: int = MAX_TEXTS, max_length: int = MAX_TEXT
    ) -> tuple[str, ...]:
        """Returns strings as they are, noting those that are empty, too long or hold a NUL; none of too many."""
        if not self.few(field, len(values), most):
            return ()
        return tuple(
            [self.text(f"{field}[{i}]", value, required=True, max_length=max_length) for i, value in enumerate(values)]
        )

    def few(self, field: str, count: int, most: int) -> bool:
        """Tells whether a list is no longer than allowed, noting one that is: it is not looked at any further."""
        if count > most:
            self.add(field, f"holds {count:,} items; at most {most:,} are allowed")
        return count <= most

    def number(self, field: str, value: float, low: float, high: float = math.inf, *, above: bool = False) -> float:
        """Returns a number as it is, noting one that is not from `low` (or, with `above`, above it) to `high`."""
        fits = (value > low if above else value >= low) and value <= high and math.isfinite(value)
        if not fits:
            bound = f"above {low:g}" if above else f"at least {low:g}"
            limit = f" and at most {high:g}" if high != math.inf else ""
            self.add(field, f"is {value:g}; has to be {bound}{limit}")
        return value
