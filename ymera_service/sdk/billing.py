"""What vendors bill, to compare it with what was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Bill:
    """What a vendor bills for a day, in UTC. `micros` are micro-USD; less than 0 for a credit."""

    day: date
    micros: int


@dataclass(frozen=True, slots=True)
class AdminKey:
    """The key that a vendor wants for its bills, and that calls of models are never made with.

    Attributes:
        headers: How it is sent; empty if it is not set.
        missing: What has to be set, as a part of a sentence.
    """

    headers: Mapping[str, str] = field(repr=False)
    missing: str
