"""What the tests of providers over HTTP need."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from recordings import replaying

from ymera_service.config import TransportSettings
from ymera_service.transport import HttpTransport


@pytest.fixture(scope="module")
def replay() -> Iterator[Any]:
    """The recordings, served over HTTP on this machine."""
    with replaying() as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    """The transport that all providers share."""
    async with HttpTransport(TransportSettings()) as transport:
        yield transport
