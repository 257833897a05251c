"""Types of columns: one value per target, read-only once made."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Rows = NDArray[np.intp]

_Array = TypeVar("_Array", Mask, Floats, Whole, Hashes, Rows)


def frozen(column: _Array) -> _Array:
    """Returns the column, which can't be written any more."""
    column.flags.writeable = False
    return column
