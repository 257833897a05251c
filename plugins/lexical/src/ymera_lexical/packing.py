"""Rows of whole numbers packed into one integer each, so that one addition adds all columns of a row."""

from collections.abc import Sequence
from struct import Struct

_BITS = 32
_HALF = 1 << (_BITS - 1)


class Packing:
    """Packs rows of `width` numbers; every sum of a column must stay within ±2³¹."""

    def __init__(self, width: int) -> None:
        self._columns = Struct(f"<{width}i")
        self._halves = self.pack([_HALF] * width)

    @staticmethod
    def pack(row: Sequence[int]) -> int:
        """Returns the integer for a row; the sum of such integers is the integer for the sum of their rows."""
        return sum(value << (_BITS * column) for column, value in enumerate(row))

    def unpack(self, packed: int) -> tuple[int, ...]:
        """Returns the row that an integer encodes."""
        # Adding half of its range makes every column non-negative, which undoes the borrows between columns; inverting
        # the highest bit subtracts it again from each column alone.
        columns = (packed + self._halves) ^ self._halves
        return self._columns.unpack(columns.to_bytes(self._columns.size, "little"))
