"""Vectors of what messages mean, as they are kept: a signed byte for each figure, the largest of which is 127."""

from array import array
from base64 import b64decode, b64encode
from collections.abc import Sequence
from math import inf


def packed(vector: Sequence[float]) -> str:
    """Returns the kept form of a vector, in base64."""
    largest = max(map(abs, vector), default=0.0)
    kept = [round(figure / largest * 127) if 0 < largest < inf else 0 for figure in vector]
    return b64encode(array("b", kept).tobytes()).decode()


def check(kept: str) -> None:
    """Checks the kept form of a vector.

    Raises:
        ValueError: It is something else.
    """
    b64decode(kept, validate=True)


def likeness(kept: Sequence[str]) -> Sequence[Sequence[float]]:
    """Returns for each vector how alike it is to each of them, as the cosine of their angle; 0 to one of zeros.

    Empty if they differ in their number of figures.
    """
    import numpy as np  # noqa: PLC0415  # what only shows decisions does without it

    rows = [np.frombuffer(b64decode(vector), np.int8) for vector in kept]
    if len({len(row) for row in rows}) != 1:
        return ()
    figures = np.array(rows, np.float32)
    figures /= np.maximum(np.linalg.norm(figures, axis=1, keepdims=True), 1)
    found: Sequence[Sequence[float]] = (figures @ figures.T).tolist()
    return found
