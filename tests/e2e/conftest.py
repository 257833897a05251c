"""What the tests against recorded exchanges need."""

from collections.abc import Iterator
from typing import Any

import pytest
from recordings import replaying


@pytest.fixture(scope="module")
def replay() -> Iterator[Any]:
    """The recordings, served over HTTP on this machine."""
    with replaying() as server:
        yield server
